/** A backend as the API names its properties. */
export interface LoadBalancerBackend {
  /** `address:port`. */
  readonly name: string;
  readonly ipAddress: string;
  readonly port: number;
  readonly weight: number;
  readonly isBackup: boolean;
  readonly isDrain: boolean;
  readonly isOffline: boolean;
}

/** A backend set as the API names its properties. */
export interface LoadBalancerBackendSet {
  readonly name: string;
  readonly policy: string;
  readonly isPreserveSource: boolean;
  readonly isFailOpen: boolean;
  readonly healthChecker: {
    readonly protocol: string;
    readonly port: number;
    readonly intervalInMillis: number;
    readonly timeoutInMillis: number;
    readonly retries: number;
  };
  readonly backends: readonly LoadBalancerBackend[];
}

/** The properties of a set that an update gives; what it leaves out falls back to its default. */
export type BackendSetDetails = Partial<
  Omit<LoadBalancerBackendSet, 'backends' | 'healthChecker'>
> & {
  readonly healthChecker?: Partial<LoadBalancerBackendSet['healthChecker']>;
  readonly backends?: readonly (Pick<LoadBalancerBackend, 'ipAddress' | 'port'> &
    Partial<LoadBalancerBackend>)[];
};

/** A set with the defaults of the service for what `details` leave out. */
export function backendSet(name: string, details: BackendSetDetails): LoadBalancerBackendSet {
  return {
    name,
    policy: details.policy ?? 'FIVE_TUPLE',
    isPreserveSource: details.isPreserveSource ?? true,
    isFailOpen: details.isFailOpen ?? false,
    healthChecker: {
      protocol: details.healthChecker?.protocol ?? 'TCP',
      port: details.healthChecker?.port ?? 0,
      intervalInMillis: details.healthChecker?.intervalInMillis ?? 10_000,
      timeoutInMillis: details.healthChecker?.timeoutInMillis ?? 3_000,
      retries: details.healthChecker?.retries ?? 3,
    },
    backends: (details.backends ?? []).map((backend) => ({
      weight: 1,
      isBackup: false,
      isDrain: false,
      isOffline: false,
      ...backend,
      name: `${backend.ipAddress}:${backend.port}`,
    })),
  };
}
