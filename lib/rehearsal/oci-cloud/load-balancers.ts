import { randomUUID } from 'node:crypto';
import type { StandIn } from '../servers';
import {
  type BackendSetDetails,
  backendSet,
  type LoadBalancerBackend,
  type LoadBalancerBackendSet,
} from './backend-set';
import type { LoadBalancerListener } from './listener';
import type { OciAnswer, OciCall, OciRoute } from './oci-endpoint';
import { noMatch, notFound, OciServiceError } from './oci-error';

/** What takes the place of OCI's network load balancers. Each behaviour is the name of a test. */
export const NETWORK_LOAD_BALANCER_STAND_IN: StandIn = {
  name: 'OCI Network Load Balancer',
  reason: 'it runs only in OCI; programs reach this one through PONTOON_OCI_ENDPOINT',
  behaviours: [
    'a backend that drains takes no new connections, and keeps those that it has',
    'a backend that is offline lets nothing pass, in old connections neither',
    'while no backend takes connections, a client waits and is led when its SYN would be repeated',
    'a TCP health check passes for whatever listens, a standby too',
    'a backup takes connections while every other backend is unhealthy',
    'with the source preserved, nothing comes back from a backend given by address',
    'a connection that is silent for the idle timeout is reset',
    'a change of the set is made at once, for all backends',
    'a change of one backend leaves the others as they are',
    'a change is refused if the set was changed since it was read, or while another one is made',
    'while a change is made, the load balancer is being updated',
    'a change that leaves a property out falls back to its default',
  ],
  notReproduced: [
    'the five-tuple hash: with several backends that take connections, the client’s port decides',
    'whether a connection to an offline backend stalls or is reset, which is not documented: it stalls here',
    'how long a change takes, unless that is asked for',
  ],
};

interface LoadBalancerState {
  readonly set: LoadBalancerBackendSet;
  readonly version: number;
}

const BALANCER = '/20200501/networkLoadBalancers/([^/]+)';
const PREFIX = `${BALANCER}/backendSets/([^/]+)`;

/** A stand-in for network load balancers: backend sets, their changes, and what listens for them. */
export class LoadBalancers {
  private readonly sets = new Map<string, LoadBalancerState>();
  private readonly listeners = new Map<string, LoadBalancerListener>();
  private readonly works = new Map<string, 'IN_PROGRESS' | 'SUCCEEDED'>();

  constructor(
    /** How long a change takes: milliseconds, or until this is fulfilled. */
    private readonly changeTakes: number | Promise<unknown> = 0,
  ) {}

  /** Keeps a backend set. */
  public put(loadBalancerId: string, name: string, details: BackendSetDetails): void {
    const key = keyOf(loadBalancerId, name);
    const set = backendSet(name, details);
    this.sets.set(key, { set, version: (this.sets.get(key)?.version ?? 0) + 1 });
    this.listeners.get(key)?.update(set);
  }

  /** A backend set as it is now. */
  public find(loadBalancerId: string, name: string): LoadBalancerBackendSet | undefined {
    return this.sets.get(keyOf(loadBalancerId, name))?.set;
  }

  /** Has a listener lead to a backend set. */
  public attach(loadBalancerId: string, name: string, listener: LoadBalancerListener): void {
    this.listeners.set(keyOf(loadBalancerId, name), listener);
  }

  /** What it answers. */
  public get routes(): OciRoute[] {
    const set = new RegExp(`^${PREFIX}$`);
    const backend = new RegExp(`^${PREFIX}/backends/([^/]+)$`);
    const work = /^\/20200501\/workRequests\/([^/]+)$/;
    return [
      { method: 'GET', path: new RegExp(`^${BALANCER}$`), answer: (call) => this.readState(call) },
      { method: 'GET', path: set, answer: (call) => this.read(call) },
      { method: 'PUT', path: set, answer: (call) => this.updateSet(call) },
      { method: 'PUT', path: backend, answer: (call) => this.updateBackend(call) },
      { method: 'GET', path: work, answer: (call) => this.readWork(call) },
    ];
  }

  private read({ path: [id = '', name = ''] }: OciCall): OciAnswer {
    const { set, version } = this.stateOf(id, name);
    return { body: set, headers: { etag: String(version) } };
  }

  private readState({ path: [id = ''] }: OciCall): OciAnswer {
    return { body: { id, lifecycleState: this.isUpdated() ? 'UPDATING' : 'ACTIVE' } };
  }

  private isUpdated(): boolean {
    return [...this.works.values()].includes('IN_PROGRESS');
  }

  private updateSet({ path: [id = '', name = ''], headers, body }: OciCall): OciAnswer {
    this.stateOf(id, name);
    return this.change(id, name, headers['if-match'], () => body as BackendSetDetails);
  }

  private updateBackend({ path: [id = '', name = '', one], headers, body }: OciCall): OciAnswer {
    const { set } = this.stateOf(id, name);
    if (!set.backends.some((backend) => backend.name === one)) throw notFound(`backend ${one}`);
    return this.change(id, name, headers['if-match'], ({ backends, ...rest }) => ({
      ...rest,
      backends: backends.map((backend) =>
        backend.name === one ? { ...backend, ...(body as Partial<LoadBalancerBackend>) } : backend,
      ),
    }));
  }

  private change(
    id: string,
    name: string,
    ifMatch: string | undefined,
    wanted: (set: LoadBalancerBackendSet) => BackendSetDetails,
  ): OciAnswer {
    const { set, version } = this.stateOf(id, name);
    if (ifMatch !== undefined && ifMatch !== String(version)) throw noMatch(`backend set ${name}`);
    if (this.isUpdated())
      throw new OciServiceError(409, 'Conflict', 'the load balancer is being updated');
    const work = `ocid1.networkloadbalancerworkrequest.oc1..${randomUUID()}`;
    const make = (): void => {
      this.put(id, name, wanted(set));
      this.works.set(work, 'SUCCEEDED');
    };
    this.works.set(work, 'IN_PROGRESS');
    if (this.changeTakes === 0) make();
    else if (typeof this.changeTakes === 'number') setTimeout(make, this.changeTakes).unref();
    else void this.changeTakes.then(make);
    return { headers: { 'opc-work-request-id': work } };
  }

  private readWork({ path: [id = ''] }: OciCall): OciAnswer {
    const status = this.works.get(id);
    if (status === undefined) throw notFound(`work request ${id}`);
    return { body: { id, status, operationType: 'UPDATE_BACKENDSET', resources: [] } };
  }

  private stateOf(id: string, name: string): LoadBalancerState {
    const state = this.sets.get(keyOf(id, name));
    if (state === undefined) throw notFound(`backend set ${name}`);
    return state;
  }
}

function keyOf(loadBalancerId: string, name: string): string {
  return JSON.stringify([loadBalancerId, name]);
}
