import type { AuthenticationDetailsProvider, ClientConfiguration } from 'oci-common';

/** What a client of an OCI service is made with. */
export interface OciSession {
  readonly authenticationDetailsProvider: AuthenticationDetailsProvider;
  readonly configuration: ClientConfiguration;
  /** The region that the OCID of a regional thing names; undefined if it names none. */
  readonly regionOf: (ocid: string) => string | undefined;
}

/** What every client of the SDK has, and is told before its first call. */
export interface OciClient {
  endpoint: string;
  regionId: string;
}

/**
 * Who asks OCI: the instance itself, or with OCI_CLI_AUTH=api_key (OCI's own variable) the profile that
 * OCI_CLI_CONFIG_FILE and OCI_CLI_PROFILE name.
 */
export async function ociSession(): Promise<OciSession> {
  const common = await import('oci-common');
  const { OCI_CLI_AUTH, OCI_CLI_CONFIG_FILE, OCI_CLI_PROFILE } = process.env;
  const authenticationDetailsProvider =
    OCI_CLI_AUTH === 'api_key'
      ? new common.ConfigFileAuthenticationDetailsProvider(OCI_CLI_CONFIG_FILE, OCI_CLI_PROFILE)
      : await new common.InstancePrincipalsAuthenticationDetailsProviderBuilder().build();
  // What fails is told at once, by the caller, who knows what a repetition would mean.
  const configuration = {
    circuitBreaker: new common.CircuitBreaker({ disableClientCircuitBreaker: true }),
    retryConfiguration: { terminationStrategy: new common.MaxAttemptsTerminationStrategy(1) },
  };
  const regionOf = (ocid: string): string | undefined => {
    const [, , , part] = ocid.split('.');
    // Older regions have a code of three letters there.
    const known = common.Region.values().find(
      ({ regionCode, regionId }) => regionCode === part || regionId === part,
    );
    return known?.regionId;
  };
  return { authenticationDetailsProvider, configuration, regionOf };
}

/** Has `client` ask its service in `region`, or where PONTOON_OCI_ENDPOINT says, which is for tests. */
export function placed<Client extends OciClient>(
  client: Client,
  region: string | undefined,
): Client {
  const { PONTOON_OCI_ENDPOINT } = process.env;
  if (PONTOON_OCI_ENDPOINT !== undefined) client.endpoint = PONTOON_OCI_ENDPOINT;
  else if (region !== undefined) client.regionId = region;
  return client;
}

/** The status of an error of an OCI service, such as 404. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined;
}

/** The answer to a call, or the reason of the signal if that is aborted first: the SDK cannot be ended. */
export async function ociAnswer<Answer>(
  asked: () => Promise<Answer>,
  signal?: AbortSignal,
): Promise<Answer> {
  const call = (): Promise<Answer> => asked().catch(rethrow);
  if (signal === undefined) return await call();
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([call(), aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** What went wrong on the way to a service, the SDK throws as an object that is no Error. */
function rethrow(thrown: unknown): never {
  if (thrown instanceof Error) throw thrown;
  const { message = String(thrown) } = Object(thrown) as { readonly message?: string };
  throw new Error(message, { cause: thrown });
}
