import type { models as model, NetworkLoadBalancerClient } from 'oci-networkloadbalancer';
import {
  type Endpoint,
  type EndpointCall,
  type OciNetworkLoadBalancerSpec,
  PontoonError,
  sideOf,
} from '../postgres';
import { asking, notSwitched, reasonOf, unknownSide } from './endpoint-error';
import { ociAnswer, ociSession, placed, statusOf } from './oci-session';
import { until } from './until';

const POLICIES = ['use network-load-balancers in compartment …'];

/** A backend set as it was read, and what tells whether it is still that one. */
interface ReadSet {
  readonly backendSet: model.BackendSet;
  readonly etag: string;
}

/** How an attempt ended. */
interface Attempt {
  /** What is under way, so that there must be another attempt. */
  readonly busy?: string;
}

/**
 * The backends of a network load balancer. A switch is one call with all of them, so that at no time both sides take
 * connections; it is refused if somebody changed the set meanwhile. The side that is left drains and is not taken offline:
 * offline, it may leave whoever is just being refused there in silence, until their own timeout ends it; drained, it
 * refuses them to the end, and they come back to the new side. Its sessions were ended by the fence before.
 *
 * @see https://docs.oracle.com/en-us/iaas/api/#/en/networkloadbalancer/20200501/BackendSet/UpdateBackendSet
 */
export class OciNetworkLoadBalancer implements Endpoint {
  private client: Promise<NetworkLoadBalancerClient> | undefined;

  constructor(
    private readonly spec: OciNetworkLoadBalancerSpec,
    private readonly timeoutMs: number,
  ) {}

  public async active({ signal }: EndpointCall = {}): Promise<string> {
    return this.requireSide((await this.read(signal)).backendSet);
  }

  public async activate(server: string, { signal }: EndpointCall = {}): Promise<void> {
    const attempt = await until(
      () => this.attempt(server, signal),
      ({ busy }) => busy === undefined,
      { timeoutMs: this.timeoutMs, signal },
    );
    if (attempt.busy !== undefined) {
      const got = `${attempt.busy} after ${this.timeoutMs / 1000} s`;
      throw notSwitched(this.spec, server, got, 'see in OCI what changes it, and try again');
    }
    const now = await this.active({ signal });
    if (now === server) return;
    const wayOut = 'somebody else changed it: agree who does';
    throw notSwitched(this.spec, server, `'${now}' again`, wayOut);
  }

  /** Switches, or says what is under way: also a change that was given up may still be made, and undo this one. */
  private async attempt(server: string, signal: AbortSignal | undefined): Promise<Attempt> {
    const address = sideOf(this.spec.sides, server);
    const { backendSet, etag } = await this.read(signal);
    if (this.requireSide(backendSet) === server) {
      const isSettled =
        !(await this.isUpdating(signal)) && (await this.active({ signal })) === server;
      return isSettled ? {} : { busy: ANOTHER_CHANGE };
    }
    this.requireBackend(backendSet, server);
    const wanted = { ...detailsOf(backendSet), backends: switched(backendSet, address) };
    try {
      await this.untilDone(await this.update(wanted, etag, signal), server, signal);
      return {};
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { cause } = error;
      if (statusOf(cause) === 409) return { busy: reasonOf(cause) };
      if (statusOf(cause) !== 412) throw error;
      // Whoever was faster wanted the same: what is left is to see that it is done.
      if ((await this.active({ signal })) === server) return { busy: ANOTHER_CHANGE };
      const wayOut = 'somebody else changed it: look who, and try again';
      throw notSwitched(this.spec, server, reasonOf(cause), wayOut, cause);
    }
  }

  private async isUpdating(signal: AbortSignal | undefined): Promise<boolean> {
    const { networkLoadBalancerId } = this.spec;
    const { networkLoadBalancer } = await this.ask(signal, (client) =>
      client.getNetworkLoadBalancer({ networkLoadBalancerId }),
    );
    return networkLoadBalancer.lifecycleState === 'UPDATING';
  }

  private requireSide(backendSet: model.BackendSet): string {
    const online = (backendSet.backends ?? []).filter(isOnline);
    const side = Object.entries(this.spec.sides).find(
      ([, address]) => online.length === 1 && online[0]?.ipAddress === address,
    );
    if (side !== undefined) return side[0];
    throw unknownSide(
      this.spec,
      (server) => `backend ${sideOf(this.spec.sides, server)}`,
      online.length === 0
        ? 'no backend that is online'
        : online.map((backend) => `backend ${backend.ipAddress ?? backend.name}`).join(', '),
    );
  }

  private requireBackend(backendSet: model.BackendSet, server: string): void {
    const address = sideOf(this.spec.sides, server);
    if ((backendSet.backends ?? []).some(({ ipAddress }) => ipAddress === address)) return;
    const wayOut = `add it, drained, or correct 'sides'`;
    throw notSwitched(this.spec, server, `no backend ${address} in it`, wayOut);
  }

  private async read(signal: AbortSignal | undefined): Promise<ReadSet> {
    const { networkLoadBalancerId, backendSetName } = this.spec;
    return await this.ask(signal, (client) =>
      client.getBackendSet({ networkLoadBalancerId, backendSetName }),
    );
  }

  private async update(
    updateBackendSetDetails: model.UpdateBackendSetDetails,
    ifMatch: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { networkLoadBalancerId, backendSetName } = this.spec;
    const { opcWorkRequestId } = await this.ask(signal, (client) =>
      client.updateBackendSet({
        networkLoadBalancerId,
        backendSetName,
        updateBackendSetDetails,
        ifMatch,
      }),
    );
    return opcWorkRequestId;
  }

  private async untilDone(
    workRequestId: string,
    server: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const status = await until(
      () => this.statusOfWork(workRequestId, signal),
      (status) => ENDED.has(status),
      { timeoutMs: this.timeoutMs, signal },
    );
    if (status === 'SUCCEEDED') return;
    throw notSwitched(
      this.spec,
      server,
      `work request '${workRequestId}' ${status}${ENDED.has(status) ? '' : ` after ${this.timeoutMs / 1000} s`}`,
      ENDED.has(status)
        ? 'look at its errors in OCI, and try again'
        : 'it was accepted and may come later: look at it in OCI before anything else is done',
    );
  }

  /** The change was accepted: one question that OCI does not answer must not end the wait for it. */
  private async statusOfWork(
    workRequestId: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    try {
      return await this.ask(
        signal,
        async (client) => (await client.getWorkRequest({ workRequestId })).workRequest.status,
      );
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PontoonError && mayPass(error.cause))) throw error;
      return `of unknown status (${reasonOf(error.cause)})`;
    }
  }

  private async ask<Answer>(
    signal: AbortSignal | undefined,
    call: (client: NetworkLoadBalancerClient) => Promise<Answer>,
  ): Promise<Answer> {
    const { spec } = this;
    return await asking(
      { spec, service: 'OCI Network Load Balancer', actions: POLICIES },
      signal,
      async () => {
        this.client ??= load(spec);
        const client = await this.client;
        return await ociAnswer(() => call(client), signal);
      },
    );
  }
}

const ANOTHER_CHANGE = 'another change that is being made';
const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELED']);

/** Whether a service that failed so may answer the next time: it was not reached, is busy, or broke. */
function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status === 429 || status >= 500;
}

async function load({
  region,
  networkLoadBalancerId,
}: OciNetworkLoadBalancerSpec): Promise<NetworkLoadBalancerClient> {
  const { authenticationDetailsProvider, configuration, regionOf } = await ociSession();
  const sdk = await import('oci-networkloadbalancer');
  const client = new sdk.NetworkLoadBalancerClient(
    { authenticationDetailsProvider },
    configuration,
  );
  return placed(client, region ?? regionOf(networkLoadBalancerId));
}

function isOnline({ isOffline, isDrain, isBackup }: model.Backend): boolean {
  return isOffline !== true && isDrain !== true && isBackup !== true;
}

/** All backends, of which the one at `address` alone takes new connections. None is ever a backup, which would take writes. */
function switched({ backends = [] }: model.BackendSet, address: string): model.BackendDetails[] {
  return backends.map((backend) => ({
    ...backend,
    isBackup: false,
    isDrain: backend.ipAddress !== address,
    isOffline: false,
  }));
}

/** What an update takes of a set: everything but its name. What is left out falls back to a default. */
function detailsOf({ name: _, ...details }: model.BackendSet): model.UpdateBackendSetDetails {
  return details;
}
