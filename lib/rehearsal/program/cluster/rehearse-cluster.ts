import {
  clusterOf,
  createTopology,
  describeLoss,
  lsnDistance,
  PontoonError,
  parsePromotion,
  type Topology,
  type TopologyProps,
} from '../../../postgres';
import { type PromotionOutcome, promote, waitUntil } from '../../../runner';
import { WRITE_AGAIN_MS } from '../../acts/switch-writers';
import { compare } from '../../checks/compare';
import { concludeSecrets } from '../../checks/conclusions';
import { ProcessWatch } from '../../checks/process-watch';
import { createStatementView, keptStatements } from '../../checks/statements';
import type { CommonContext } from '../../context';
import { TCP_ENDPOINT_STAND_IN, TcpEndpoint } from '../../endpoint';
import type { RegisteredResource } from '../../pulumi-program/registered-resource';
import { randomPassword } from '../../servers';
import { asSuperuser, fill, OWNER } from '../../source';
import { admitApplications } from '../../workload/application-login';
import { Applications } from '../../workload/applications';
import { sampleTables } from '../../workload/sample-tables';
import { outputsOf } from '../deployment';
import { concludeNotPlayed } from '../not-played';
import { CLUSTER_SHIMS } from '../program-shims';
import { Cluster } from './cluster';
import { readClusterHosts } from './cluster-hosts';
import { rejoinServer } from './rejoin-server';

/** A streaming cluster as a program registered it. */
export interface RegisteredCluster {
  /** The component's name. */
  readonly name: string;
  readonly topology: Topology;
  /** All that the program registered. */
  readonly resources: readonly RegisteredResource[];
}

/** How far the applications were at one moment. */
interface Reached {
  readonly acknowledged: number;
  readonly position: string;
}

const SCHEMA = 'shop';
const TABLE = { schema: SCHEMA, name: 'rehearsal_writes' };
const WRITES_PER_SECOND = 200;
/** How often applications write at least before the primary is killed, and after the promotion. */
const WRITES_AROUND = 200;

/** The cluster that the component `registered` is. */
export function clusterFrom(
  registered: RegisteredResource,
  resources: readonly RegisteredResource[],
): RegisteredCluster {
  const topology = createTopology(outputsOf(registered).topology as TopologyProps);
  return { name: registered.name, topology, resources };
}

/** Plays a cluster: all of it streams, its primary is killed while applications write, and another server takes over. */
export async function playCluster(
  context: CommonContext,
  registered: RegisteredCluster,
): Promise<void> {
  const { topology, resources } = registered;
  const primary = primaryOfCluster(topology);
  const cluster = new Cluster(
    context,
    topology,
    readClusterHosts(resources, clusterOf(topology, primary)),
    primary,
  );
  const processes = new ProcessWatch();
  concludeNotPlayed(context.findings, { resources });
  try {
    await new ClusterPlay(context, cluster, topology, primary).play();
  } finally {
    const { findings } = context;
    findings.secrets.push(...cluster.secrets());
    findings.standIns.push(...cluster.standIns, TCP_ENDPOINT_STAND_IN);
    findings.shims.push(...CLUSTER_SHIMS, ...cluster.shims);
    // What a server that was killed had in memory is gone; its log is not.
    await concludeSecrets(context, cluster.started, [
      ...(await processes.stop()),
      { place: 'what the program registered', text: JSON.stringify(resources) },
      ...(await Promise.all(
        [...cluster.servers].map(([name, server]) => keptStatements(name, server)),
      )),
    ]);
  }
}

function primaryOfCluster(topology: Topology): string {
  const primary = Object.keys(topology.servers).find(
    (name) => clusterOf(topology, name)[0] === name,
  );
  if (primary !== undefined) return primary;
  throw new PontoonError(
    'NO_DEPLOYMENT',
    'a StreamingCluster must have a primary with a replica to be rehearsed, got none; give it a replica',
  );
}

/** The acts of one cluster, in their order. */
class ClusterPlay {
  /** Who takes writes; nobody while the primary is dead. */
  private writer: string | undefined;
  /** How many acknowledged writes may be behind the point where the new timeline began. */
  private losable = 0;

  constructor(
    private readonly context: CommonContext,
    private readonly cluster: Cluster,
    private readonly topology: Topology,
    private readonly primary: string,
  ) {}

  public async play(): Promise<void> {
    const { recorder, cutover } = this.context;
    await recorder.phase('source', 'Start the primary, with data', () => this.startPrimary());
    await recorder.phase('deploy', 'Start the replicas', () => this.cluster.startReplicas());
    const endpoint = await TcpEndpoint.start(async () =>
      this.writer === undefined ? undefined : this.cluster.server(this.writer),
    );
    const applications = await this.startApplications(endpoint.port);
    try {
      if (cutover) await this.playPromotion(applications);
      await recorder.phase('catch-up', 'Catch up', () => this.catchUp(applications));
      await recorder.phase('verify', 'Compare every row', () => this.verify());
      await recorder.phase('account', 'Count what applications were told', () =>
        this.account(applications),
      );
    } finally {
      await applications.stop();
      await endpoint.close();
    }
  }

  private async playPromotion(applications: Applications): Promise<void> {
    const { recorder } = this.context;
    let outcome: PromotionOutcome | undefined;
    await recorder.phase('promote', 'Kill the primary, and promote another server', async () => {
      outcome = await this.promote(applications);
    });
    if (outcome === undefined) return;
    const { to } = outcome;
    await recorder.phase('rejoin', 'Have the old primary follow', async () => {
      await rejoinServer(this.cluster, this.primary, to);
      await this.cluster.untilStreaming(to, this.othersOf(to));
    });
  }

  private async startPrimary(): Promise<void> {
    const { findings, rows } = this.context;
    const server = await this.cluster.startPrimary();
    await createStatementView(server);
    const tables = sampleTables({ schemas: [SCHEMA] });
    await asSuperuser(server, this.cluster.database, async (client) => fill(client, tables, rows));
    findings.seeded = rows;
    this.writer = this.primary;
  }

  private async startApplications(port: number): Promise<Applications> {
    const { findings } = this.context;
    const { cluster } = this;
    const server = cluster.server(this.primary);
    const login = await asSuperuser(server, cluster.database, async (client) =>
      admitApplications(client, TABLE, OWNER, randomPassword()),
    );
    findings.secrets.push(login.password);
    const host = '127.0.0.1';
    const connection = { host, port, database: cluster.database, ...login };
    return await Applications.start({
      connection: { ...connection, ssl: { ca: server.caCertificate, host } },
      table: TABLE,
      servers: [...cluster.servers].map(([name, one]) => ({ name, port: one.port })),
      rate: WRITES_PER_SECOND,
    });
  }

  /** As an operator would who finds the primary dead, and knows from a metric how far it was. */
  private async promote(applications: Applications): Promise<PromotionOutcome> {
    const { cluster, primary, context } = this;
    const { findings, recorder } = context;
    const server = cluster.server(primary);
    const atFirst = await this.reached(applications);
    await this.untilWritten(applications, applications.acknowledged + WRITES_AROUND);
    const atLast = await this.reached(applications);
    const before = applications.outages.length;
    const began = performance.now();
    await applications.crash({ name: primary, port: server.port }, () => server.kill());
    const acknowledged = applications.acknowledged;
    this.writer = undefined;
    recorder.progress(`'${primary}' was killed`);
    const steps: { name: string; atMs: number }[] = [];
    const outcome = await promote(
      { input: parsePromotion(cluster.promotion(atLast.position)), declareLost: true },
      {
        secrets: cluster.logins,
        onEvent: (event) => {
          if (event.kind === 'note') return recorder.note(event.text);
          steps.push({ name: event.id, atMs: performance.now() });
          recorder.progress(event.id);
        },
      },
    );
    const ended = performance.now();
    const { to, following, openedMs = 0 } = outcome;
    this.writer = to;
    const kept = [atLast, atFirst].find(
      ({ position }) => lsnDistance(position, outcome.forkedAt) >= 0n,
    );
    this.losable = acknowledged - (kept?.acknowledged ?? 0);
    await applications.untilWriting({ server: to, deadlineMs: WRITE_AGAIN_MS });
    await this.untilWritten(applications, applications.acknowledged + WRITES_AROUND);
    const [outage] = applications.outages.slice(before);
    findings.switches.push({
      name: 'promote',
      title: 'Promote',
      to,
      closedMs: Math.round(openedMs),
      compared: { tables: 0, of: 0 },
      states: steps.map(({ name, atMs }, index) => ({
        name,
        ms: Math.round((steps[index + 1]?.atMs ?? ended) - atMs),
      })),
      loss: describeLoss(outcome.loss, primary),
      atSeconds: Math.round(recorder.now() * 1000 - (performance.now() - began)) / 1000,
      ...(outage === undefined
        ? {}
        : { medianMs: Math.round(outage.medianMs), longestMs: Math.round(outage.longestMs) }),
    });
    const late = this.othersOf(to).filter((name) => name !== primary && !following.includes(name));
    for (const name of late) findings.problems.push(`'${name}' does not follow '${to}'`);
    return outcome;
  }

  /** What was acknowledged, and a position of the log before which all of it is. */
  private async reached(applications: Applications): Promise<Reached> {
    const { acknowledged } = applications;
    await this.cluster.flush(this.primary);
    return { acknowledged, position: await this.cluster.position(this.primary) };
  }

  private async untilWritten(applications: Applications, count: number): Promise<void> {
    await waitUntil({
      what: `applications must have written ${count} times`,
      wayOut: 'look at the logs of the servers',
      deadlineMs: WRITE_AGAIN_MS,
      probe: async () =>
        applications.acknowledged >= count
          ? { done: true, value: undefined }
          : { done: false, reason: String(applications.acknowledged) },
    });
  }

  private async catchUp(applications: Applications): Promise<void> {
    await applications.stop();
    const writer = this.writer ?? this.primary;
    await this.cluster.untilReplayed(writer, this.othersOf(writer));
    this.context.findings.written = applications.acknowledged;
  }

  private async verify(): Promise<void> {
    const { cluster, context } = this;
    const { findings } = context;
    const writer = this.writer ?? this.primary;
    for (const name of this.othersOf(writer)) {
      const tables = await compare({
        source: cluster.server(writer),
        target: cluster.server(name),
        sourceDatabase: cluster.database,
        targetDatabase: cluster.database,
        selection: { schemas: [SCHEMA] },
      });
      for (const table of tables) {
        findings.verification.push({ ...table, table: `${table.table} on ${name}` });
        const { status, reason = 'no reason was given' } = table;
        if (status === 'differs')
          findings.problems.push(`${table.table} differs on '${name}': ${reason}`);
        if (status === 'unchecked')
          findings.unchecked.push(`${table.table} could not be compared on '${name}': ${reason}`);
      }
    }
  }

  /** A cluster that waits for nobody may lose what it acknowledged behind the fork: that is said, and no problem. */
  private async account(applications: Applications): Promise<void> {
    const { cluster, context, topology } = this;
    const { findings } = context;
    const check = await asSuperuser(
      cluster.server(this.writer ?? this.primary),
      cluster.database,
      async (client) => applications.check(client),
    );
    findings.writes = check;
    const waits = topology.servers[this.primary]?.synchronous !== undefined;
    const allowed = { missing: waits ? 0 : this.losable, doubled: 0, unexpected: 0 };
    for (const kind of ['missing', 'doubled', 'unexpected'] as const)
      if (check[kind].length > allowed[kind])
        findings.problems.push(
          `${check[kind].length} of ${check.acknowledged} acknowledged writes are ${kind}, the first being ${JSON.stringify(check[kind][0])}`,
        );
  }

  private othersOf(writer: string): readonly string[] {
    return this.cluster.members.filter((name) => name !== writer);
  }
}
