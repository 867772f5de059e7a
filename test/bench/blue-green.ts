import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { openEndpoint } from '../../lib/endpoints';
import { rollbackOf } from '../../lib/postgres';
import {
  LoadBalancerListener,
  LoadBalancers,
  OciEndpointStandIn,
  ociCredentials,
} from '../../lib/rehearsal/oci-cloud';
import { cutover, run } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import { contradictions, JournalWriter, untilWritten } from '../runner/cutover/writer';
import { type OutageBench, summary } from './outage-summary';

const RUNS = 6;
const CLIENTS = 10;
const PACE_MS = 20;
/** As a connection pool does; a refused login costs a server more than a write. */
const RETRY_MS = 25;
const SETTLE_WRITES = 50;
/** Clients that wait for ever would do so where the load balancer leaves them in silence. */
const TIMEOUT_MS = 2_000;
/** What a change of a backend set takes in the stand-in. */
const CHANGE_MS = 1_000;

const BALANCER = 'ocid1.networkloadbalancer.oc1..bench';
const SET = 'databases';
const SIDES = { blue: '10.0.1.10', green: '10.0.2.10' } as const;

/**
 * Switches of a blue-green deployment under 500 writes a second, through a network load balancer whose changes take a
 * second: by `pontoon cutover`, there and back by turns, and by the article's two changes of the load balancer.
 */
export async function benchBlueGreen(): Promise<readonly OutageBench[]> {
  return [await ours(), await theArticles()];
}

async function ours(): Promise<OutageBench> {
  const each: number[] = [];
  const site = await Site.open();
  try {
    let plan = site.lab.plan();
    const rate = await site.settle();
    for (let one = 0; one < RUNS; one += 1) {
      site.takeLongest();
      const services = await site.lab.services();
      const endpoint = openEndpoint({
        kind: 'oci-network-load-balancer',
        networkLoadBalancerId: BALANCER,
        backendSetName: SET,
        sides: SIDES,
      });
      const request = { plan, owner: 'bench' };
      await cutover(request, { ...services, endpoint }).finally(() => services.close());
      each.push(await site.longest());
      const back = rollbackOf(plan);
      if (back === undefined) throw new Error('the plan must have a way back');
      site.lab.active = plan.to;
      plan = back;
    }
    return summary('pontoon, one change behind a fence', each, rate, await site.lost());
  } finally {
    await site.close();
  }
}

/** Each run needs servers of its own, since it leaves no way back. */
async function theArticles(): Promise<OutageBench> {
  const each: number[] = [];
  let [lost, rate] = [0, 0];
  for (let one = 0; one < RUNS; one += 1) {
    const site = await Site.open();
    try {
      rate = await site.settle();
      site.takeLongest();
      await articleFlip(site);
      each.push(await site.longest());
      lost += await site.lost();
    } finally {
      await site.close();
    }
  }
  return summary("the article's two changes, replication stopped before", each, rate, lost);
}

/**
 * "Scenario 3" of the article, in its order: replication is stopped, blue goes offline, green comes online. Its operator
 * needs no time to think, and the sequences, of which it says nothing, are far ahead on green.
 */
async function articleFlip({ lab, flip }: Site): Promise<void> {
  const { green } = lab;
  await green.admin.query('GRANT CONNECT ON DATABASE app TO PUBLIC');
  await green.admin.query(
    `SELECT setval('shop.orders_id_seq', 1000000000), setval('shop.customers_id_seq', 1000000000)`,
  );
  const text = 'DROP SUBSCRIPTION forward';
  await run(green.admin, { text, redacted: text });
  await flip(undefined);
  await flip('green');
  lab.active = green.name;
}

/** Two servers behind a load balancer, and clients that write through it. */
class Site {
  private readonly writers: readonly JournalWriter[];
  private readonly begun = performance.now();

  private constructor(
    public readonly lab: CutoverLab,
    private readonly balancers: LoadBalancers,
    private readonly listener: LoadBalancerListener,
    private readonly endpoint: OciEndpointStandIn,
    private readonly directory: string,
  ) {
    const connection: ClientConfig = {
      ...lab.application(),
      port: listener.port,
      query_timeout: TIMEOUT_MS,
    };
    this.writers = Array.from(
      { length: CLIENTS },
      (_, client) => new JournalWriter(client, () => connection, PACE_MS, RETRY_MS),
    );
  }

  public static async open(): Promise<Site> {
    const lab = await CutoverLab.start([16, 17]);
    const balancers = new LoadBalancers(CHANGE_MS);
    const endpoint = await OciEndpointStandIn.start();
    endpoint.add(balancers.routes);
    const directory = mkdtempSync(join(tmpdir(), 'pontoon-bench-'));
    Object.assign(process.env, ociCredentials(directory, endpoint.url));
    balancers.put(BALANCER, SET, backends('blue'));
    const backendSet = balancers.find(BALANCER, SET);
    if (backendSet === undefined) throw new Error('the set must have been kept');
    const listener = await LoadBalancerListener.start({
      backendSet,
      resolve: ({ ipAddress }) => (ipAddress === SIDES.blue ? lab.blue.server : lab.green.server),
    });
    balancers.attach(BALANCER, SET, listener);
    return new Site(lab, balancers, listener, endpoint, directory);
  }

  /** Waits until all write, and says at which rate. */
  public async settle(): Promise<number> {
    await untilWritten(this.writers, SETTLE_WRITES);
    const written = this.writers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
    return (written / (performance.now() - this.begun)) * 1000;
  }

  public takeLongest(): number {
    return Math.max(...this.writers.map((writer) => writer.takeLongestGap()));
  }

  /** The longest time that a client waited, once all write again. */
  public async longest(): Promise<number> {
    await untilWritten(this.writers, SETTLE_WRITES);
    return this.takeLongest();
  }

  /** Has `side` alone take connections, or none, as a change in the console does. */
  public readonly flip = async (side: keyof typeof SIDES | undefined): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, CHANGE_MS));
    this.balancers.put(BALANCER, SET, backends(side));
  };

  /** Acknowledged writes that the side does not have that clients are led to. */
  public async lost(): Promise<number> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    const client = await this.lab.current.superuser();
    const found = await contradictions(client, this.writers).finally(() => client.end());
    return found.filter((one) => one.endsWith(' lost')).length;
  }

  public async close(): Promise<void> {
    await Promise.all(this.writers.map((writer) => writer.stop()));
    await this.listener.close();
    await this.endpoint.close();
    await this.lab.stop();
    rmSync(this.directory, { recursive: true });
  }
}

function backends(active: keyof typeof SIDES | undefined) {
  return {
    isPreserveSource: false,
    backends: Object.entries(SIDES).map(([side, ipAddress]) => ({
      ipAddress,
      port: 5432,
      isDrain: side !== active,
      isOffline: side !== active,
    })),
  };
}
