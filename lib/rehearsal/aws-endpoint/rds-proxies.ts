import type { StandIn } from '../servers';
import { AwsServiceError } from './aws-error';
import { renderXml, type XmlCall, type XmlRequest } from './xml';

/** What takes the place of the targets of an RDS Proxy. Each behaviour is the name of a test. */
export const RDS_PROXY_STAND_IN: StandIn = {
  name: 'Amazon RDS Proxy',
  reason: 'it runs only in AWS; functions reach this one through AWS_ENDPOINT_URL',
  behaviours: [
    'a target group holds one cluster, and refuses a second one',
    'the writer of a cluster is registering before it is available',
    'a writer that cannot be reached is unavailable, with the reason',
    'an unknown proxy, group, cluster or target is refused',
  ],
  notReproduced: [
    'connections that are pooled, pinned, or wait while there is no target',
    'readers of a cluster',
  ],
};

interface Target {
  readonly cluster: string;
  readonly availableAt: number;
}

const NAMESPACE = { '@_xmlns': 'http://rds.amazonaws.com/doc/2014-10-31/' };

/** A stand-in for RDS Proxy: which cluster each target group leads to. */
export class RdsProxies {
  private readonly targets = new Map<string, Target | undefined>();
  private readonly clusters = new Map<string, string | undefined>();

  constructor(
    /** Milliseconds until a target that was registered is available. */
    private readonly registrationMs = 0,
  ) {}

  /** Whether there is any proxy. */
  public get used(): boolean {
    return this.targets.size > 0;
  }

  /** Makes a target group of a proxy. */
  public add(proxy: string, targetGroup = 'default', cluster?: string): void {
    if (cluster !== undefined) this.addCluster(cluster);
    const target = cluster === undefined ? undefined : { cluster, availableAt: 0 };
    this.targets.set(keyOf(proxy, targetGroup), target);
  }

  /** Makes a cluster known; with an `obstacle`, its writer cannot be reached for that reason. */
  public addCluster(cluster: string, obstacle?: string): void {
    this.clusters.set(cluster, obstacle);
  }

  /** The cluster that a target group leads to, or undefined if it has none that is available. */
  public find(proxy: string, targetGroup = 'default'): string | undefined {
    const target = this.targets.get(keyOf(proxy, targetGroup));
    return target !== undefined && this.stateOf(target) === 'AVAILABLE'
      ? target.cluster
      : undefined;
  }

  /** The operation that a request asks for. */
  public readonly service = ({ parameters }: XmlRequest): XmlCall | undefined => {
    const action = parameters.get('Action');
    if (parameters.get('Version') !== '2014-10-31') return undefined;
    const operation = action === null ? undefined : this.operations()[action];
    if (operation === undefined) return undefined;
    return {
      target: `rds.${action}`,
      answer: () =>
        renderXml({
          [`${action}Response`]: { ...NAMESPACE, [`${action}Result`]: operation(parameters) },
        }),
    };
  };

  private operations(): Readonly<Record<string, (parameters: URLSearchParams) => object>> {
    return {
      DescribeDBProxyTargets: (parameters) => {
        const target = this.targets.get(this.groupOf(parameters));
        return { Targets: target === undefined ? '' : { member: this.describe(target) } };
      },
      RegisterDBProxyTargets: (parameters) => {
        const group = this.groupOf(parameters);
        const cluster = this.clusterOf(parameters);
        const current = this.targets.get(group);
        if (current !== undefined)
          throw new AwsServiceError(
            'DBProxyTargetAlreadyRegisteredFault',
            `The target group holds cluster ${current.cluster} already.`,
          );
        const target = { cluster, availableAt: Date.now() + this.registrationMs };
        this.targets.set(group, target);
        return { DBProxyTargets: { member: this.describe(target) } };
      },
      DeregisterDBProxyTargets: (parameters) => {
        const group = this.groupOf(parameters);
        const cluster = this.clusterOf(parameters);
        if (this.targets.get(group)?.cluster !== cluster)
          throw new AwsServiceError(
            'DBProxyTargetNotFoundFault',
            `The target group does not hold cluster ${cluster}.`,
            404,
          );
        this.targets.set(group, undefined);
        return {};
      },
    };
  }

  private groupOf(parameters: URLSearchParams): string {
    const proxy = parameters.get('DBProxyName') ?? '';
    const group = parameters.get('TargetGroupName') ?? 'default';
    const key = keyOf(proxy, group);
    if (this.targets.has(key)) return key;
    const known = [...this.targets.keys()].some((one) => one.startsWith(`${proxy}/`));
    throw known
      ? new AwsServiceError(
          'DBProxyTargetGroupNotFoundFault',
          `Target group ${group} of proxy ${proxy} was not found.`,
          404,
        )
      : new AwsServiceError('DBProxyNotFoundFault', `Proxy ${proxy} was not found.`, 404);
  }

  private clusterOf(parameters: URLSearchParams): string {
    const cluster = parameters.get('DBClusterIdentifiers.member.1') ?? '';
    if (this.clusters.has(cluster)) return cluster;
    throw new AwsServiceError('DBClusterNotFoundFault', `Cluster ${cluster} was not found.`, 404);
  }

  private describe(target: Target): readonly object[] {
    const { cluster } = target;
    const State = this.stateOf(target);
    const obstacle = this.clusters.get(cluster);
    return [
      { RdsResourceId: cluster, Type: 'TRACKED_CLUSTER', Port: 5432 },
      {
        RdsResourceId: `${cluster}-writer`,
        TrackedClusterId: cluster,
        Type: 'RDS_INSTANCE',
        Role: 'READ_WRITE',
        Port: 5432,
        TargetHealth: {
          State,
          ...(State === 'UNAVAILABLE' ? { Reason: 'UNREACHABLE', Description: obstacle } : {}),
        },
      },
    ];
  }

  private stateOf({ cluster, availableAt }: Target): string {
    if (Date.now() < availableAt) return 'REGISTERING';
    return this.clusters.get(cluster) === undefined ? 'AVAILABLE' : 'UNAVAILABLE';
  }
}

function keyOf(proxy: string, targetGroup: string): string {
  return `${proxy}/${targetGroup}`;
}
