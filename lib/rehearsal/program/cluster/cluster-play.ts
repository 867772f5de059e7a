import type { Topology } from '../../../postgres';
import { createStatementView } from '../../checks/statements';
import type { CommonContext } from '../../context';
import { TcpEndpoint } from '../../endpoint';
import { randomPassword } from '../../servers';
import { asSuperuser, fill, OWNER } from '../../source';
import { admitApplications } from '../../workload/application-login';
import { Applications } from '../../workload/applications';
import { sampleTables } from '../../workload/sample-tables';
import type { Cluster } from './cluster';
import { promoteLost } from './promote-lost';
import { rejoinServer } from './rejoin-server';
import { SCHEMA, verifyFollowers } from './verify-followers';

const TABLE = { schema: SCHEMA, name: 'rehearsal_writes' };
const WRITES_PER_SECOND = 200;

/** The acts of one cluster, in their order. */
export class ClusterPlay {
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
      await recorder.phase('verify', 'Compare every row', () =>
        verifyFollowers(this.context, this.cluster, this.writer ?? this.primary),
      );
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
    let to: string | undefined;
    await recorder.phase('promote', 'Kill the primary, and promote another server', async () => {
      const { cluster, context, primary } = this;
      const lost = await promoteLost({ cluster, context, primary, applications }, (writer) => {
        this.writer = writer;
      });
      this.losable = lost.losable;
      to = lost.to;
    });
    if (to === undefined) return;
    const writer = to;
    await recorder.phase('rejoin', 'Have the old primary follow', async () => {
      await rejoinServer(this.cluster, this.primary, writer);
      await this.cluster.untilStreaming(writer, this.cluster.othersOf(writer));
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

  private async catchUp(applications: Applications): Promise<void> {
    await applications.stop();
    const writer = this.writer ?? this.primary;
    await this.cluster.untilReplayed(writer, this.cluster.othersOf(writer));
    this.context.findings.written = applications.acknowledged;
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
}
