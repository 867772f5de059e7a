import type { DBProxyTarget, RDSClient } from '@aws-sdk/client-rds';
import { type Endpoint, type EndpointCall, type RdsProxySpec, sideOf } from '../postgres';
import { asking, isNamed, notSwitched, reasonOf, unknownSide } from './endpoint-error';
import { until } from './until';

/** The part of the SDK that is used here, loaded when it is first needed. */
type Sdk = typeof import('@aws-sdk/client-rds');

const REACH = "let the proxy's secrets and network reach it, and try again";
const ACTIONS = [
  'rds:DescribeDBProxyTargets',
  'rds:DeregisterDBProxyTargets',
  'rds:RegisterDBProxyTargets',
];

/**
 * The target of an RDS Proxy. The service has no atomic switch, since a target group holds one cluster: the old one is
 * taken out first, and until the new one is available the proxy lets clients wait for a connection. If the new one does
 * not become available in time, the old one is put back. Killed in between it holds none, and `activate` goes on.
 */
export class RdsProxy implements Endpoint {
  private loaded: Promise<readonly [Sdk, RDSClient]> | undefined;

  constructor(
    private readonly spec: RdsProxySpec,
    private readonly timeoutMs: number,
  ) {}

  public async active({ signal }: EndpointCall = {}): Promise<string> {
    return this.requireSide(await this.targets(signal));
  }

  public async activate(server: string, { signal }: EndpointCall = {}): Promise<void> {
    const cluster = sideOf(this.spec.sides, server);
    const targets = await this.targets(signal);
    const before = targets.length === 0 ? undefined : this.requireSide(targets);
    if (before !== undefined && before !== server)
      await this.deregister(sideOf(this.spec.sides, before), signal);
    const obstacle =
      before === server
        ? await this.untilAvailable(cluster, signal)
        : await this.put(cluster, signal);
    if (obstacle === undefined) return;
    if (before === undefined || before === server)
      throw notSwitched(this.spec, server, obstacle, REACH);
    throw await this.undone(server, before, obstacle);
  }

  /** Puts the side that was active before back, and returns what to throw. */
  private async undone(server: string, before: string, obstacle: string): Promise<Error> {
    const { spec } = this;
    const cluster = sideOf(spec.sides, before);
    const wrong = sideOf(spec.sides, server);
    const second = await this.deregister(wrong, undefined).then(
      () => this.put(cluster, undefined),
      reasonOf,
    );
    if (second === undefined)
      return notSwitched(spec, server, obstacle, `'${before}' was put back: ${REACH}`);
    return notSwitched(
      spec,
      server,
      `${obstacle}, and then '${before}' could not be put back (${second})`,
      `register cluster '${cluster}' with target group '${spec.targetGroup}'`,
    );
  }

  /** Has the proxy lead to a cluster, after the other one was taken out. Returns what is in the way. */
  private async put(cluster: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    try {
      const others = (targets: readonly DBProxyTarget[]): string[] =>
        clustersOf(targets).filter((one) => !same(one, cluster));
      const left = await until(
        () => this.targets(signal),
        (targets) => others(targets).length === 0,
        { timeoutMs: this.timeoutMs, signal },
      );
      const [other] = others(left);
      if (other !== undefined)
        return `cluster '${other}' still a target after ${this.timeoutMs / 1000} s`;
      await this.register(cluster, signal);
      return await this.untilAvailable(cluster, signal);
    } catch (error) {
      signal?.throwIfAborted();
      return reasonOf(error instanceof Error ? (error.cause ?? error) : error);
    }
  }

  private requireSide(targets: readonly DBProxyTarget[]): string {
    const clusters = clustersOf(targets);
    const side = Object.entries(this.spec.sides).find(
      ([, cluster]) => clusters.length === 1 && same(cluster, clusters[0]),
    );
    if (side !== undefined) return side[0];
    throw unknownSide(
      this.spec,
      (server) => `cluster '${sideOf(this.spec.sides, server)}'`,
      clusters.length === 0 ? 'no target' : clusters.map((name) => `'${name}'`).join(', '),
    );
  }

  private async targets(signal: AbortSignal | undefined): Promise<readonly DBProxyTarget[]> {
    return await this.ask(signal, async (sdk, client) => {
      const targets: DBProxyTarget[] = [];
      let marker: string | undefined;
      do {
        const page = await client.send(
          new sdk.DescribeDBProxyTargetsCommand({
            ...this.group(),
            ...(marker === undefined ? {} : { Marker: marker }),
          }),
          { abortSignal: signal },
        );
        targets.push(...(page.Targets ?? []));
        marker = page.Marker;
      } while (marker !== undefined && marker !== '');
      return targets;
    });
  }

  private async deregister(cluster: string, signal: AbortSignal | undefined): Promise<void> {
    const request = { ...this.group(), DBClusterIdentifiers: [cluster] };
    await this.ask(signal, (sdk, client) =>
      client.send(new sdk.DeregisterDBProxyTargetsCommand(request), { abortSignal: signal }),
    ).catch((error: Error) => {
      // A call that is repeated finds the work done.
      if (!isNamed(error.cause, 'DBProxyTargetNotFoundFault')) throw error;
    });
  }

  private async register(cluster: string, signal: AbortSignal | undefined): Promise<void> {
    const request = { ...this.group(), DBClusterIdentifiers: [cluster] };
    await this.ask(signal, (sdk, client) =>
      client.send(new sdk.RegisterDBProxyTargetsCommand(request), { abortSignal: signal }),
    ).catch((error: Error) => {
      if (!isNamed(error.cause, 'DBProxyTargetAlreadyRegisteredFault')) throw error;
    });
  }

  /** Waits for the cluster's writer, and returns what is in the way. */
  private async untilAvailable(
    cluster: string,
    signal: AbortSignal | undefined,
  ): Promise<string | undefined> {
    const targets = await until(
      () => this.targets(signal),
      (found) => found.some((target) => isWritable(target, cluster)),
      { timeoutMs: this.timeoutMs, signal },
    );
    if (targets.some((target) => isWritable(target, cluster))) return undefined;
    const health = targets.map(healthOf).join('; ') || 'no target';
    return `no writer that is available after ${this.timeoutMs / 1000} s (${health})`;
  }

  private group(): { readonly DBProxyName: string; readonly TargetGroupName: string } {
    return { DBProxyName: this.spec.proxy, TargetGroupName: this.spec.targetGroup };
  }

  private async ask<Answer>(
    signal: AbortSignal | undefined,
    call: (sdk: Sdk, client: RDSClient) => Promise<Answer>,
  ): Promise<Answer> {
    const { spec } = this;
    return await asking({ spec, service: 'Amazon RDS', actions: ACTIONS }, signal, async () => {
      this.loaded ??= load();
      return await call(...(await this.loaded));
    });
  }
}

async function load(): Promise<readonly [Sdk, RDSClient]> {
  const sdk = await import('@aws-sdk/client-rds');
  return [sdk, new sdk.RDSClient({})];
}

/** The clusters that targets are, or are instances of. An instance of none is told by its own name. */
function clustersOf(targets: readonly DBProxyTarget[]): string[] {
  return [
    ...new Set(
      targets.map(({ TrackedClusterId, RdsResourceId }) =>
        (TrackedClusterId ?? RdsResourceId ?? '').toLowerCase(),
      ),
    ),
  ];
}

function same(one: string | undefined, other: string | undefined): boolean {
  return one?.toLowerCase() === other?.toLowerCase();
}

function isWritable({ TrackedClusterId, Role, TargetHealth }: DBProxyTarget, cluster: string) {
  return (
    same(TrackedClusterId, cluster) && Role === 'READ_WRITE' && TargetHealth?.State === 'AVAILABLE'
  );
}

function healthOf({ RdsResourceId, Role, TargetHealth }: DBProxyTarget): string {
  const { State, Reason, Description } = TargetHealth ?? {};
  return [RdsResourceId, Role, State, Reason, Description]
    .filter((part) => part !== undefined && part !== '')
    .join(' ');
}
