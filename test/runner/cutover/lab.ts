import type { ClientConfig } from 'pg';
import {
  addObjectKinds,
  type Connection,
  CUTOVER_LIMITS,
  type CutoverLimits,
  type CutoverPlan,
  createSecret,
  divide,
  LinkKind,
  PGLOGICAL_KINDS,
  PGLOGICAL_SUBSCRIPTIONS,
  type PublisherAddress,
  PublisherSslMode,
  readSpec,
  type Secret,
  type SelectionPart,
  type TableSelection,
} from '../../../lib/postgres';
import { randomPassword, Workspace } from '../../../lib/rehearsal/servers';
import { apply, drop, scramVerifier, waitUntil } from '../../../lib/runner';
import { PGLOGICAL_SERVER } from '../../pglogical-servers';
import { startTestServer, type TestServer } from '../../servers';
import { ADMIN, READER, ReaderSecret } from './lab-secret';
import { type LabServices, openServices, untilFollowed, type WalkedLab } from './lab-services';
import { DATABASE, makeSide, type Side } from './lab-side';
import { dealByPglogical, dealNatively, type LabPart, makeNodes, path } from './lab-ways';

export type { LabServices } from './lab-services';
export type { Side } from './lab-side';

addObjectKinds(PGLOGICAL_KINDS);

const SETTINGS = {
  wal_level: 'logical',
  wal_retrieve_retry_interval: '200ms',
  max_logical_replication_workers: '10',
};
const SCHEMA = `CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, client int NOT NULL, number int NOT NULL);
CREATE TABLE shop.counters (client int PRIMARY KEY, written int NOT NULL);
CREATE TABLE shop.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
CREATE SEQUENCE shop.invoice INCREMENT -1;
GRANT USAGE ON SCHEMA shop TO app; GRANT ALL ON ALL TABLES IN SCHEMA shop TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA shop TO app`;

/** What a lab has beyond two servers. */
export interface LabOptions {
  /** Settings of both servers. */
  readonly settings?: Readonly<Record<string, string>>;
  /** SQL that the owner runs on both servers after the schema. */
  readonly schema?: string;
  /** The schemas that are replicated. */
  readonly schemas?: string[];
  /** Tables that are replicated apart, by the name of their part. */
  readonly parts?: Readonly<Record<string, SelectionPart>>;
  /** What carries the tables. @default - PostgreSQL's own */
  readonly kind?: LinkKind.NATIVE | LinkKind.PGLOGICAL;
  /**
   * Whether rows are compared before the fence and behind it, as they are unless a user declares otherwise.
   *
   * @default false
   */
  readonly compares?: boolean;
  /** The port by which servers find the server at `port`, such as a network that can be cut. */
  readonly portFor?: (side: string, port: number) => Promise<number>;
}

/** Two managed servers, the second following the first by native replication, with a way back made ready. */
export class CutoverLab implements WalkedLab {
  /** Where clients are sent. */
  public active = 'blue';
  public readonly appPassword = randomPassword();

  private constructor(
    public readonly blue: Side,
    public readonly green: Side,
    private readonly selection: TableSelection,
    private readonly parts: readonly LabPart[],
    private readonly secrets: ReaderSecret,
    public readonly workspace: Workspace,
    private readonly servers: readonly TestServer[],
    private readonly kind: LinkKind.NATIVE | LinkKind.PGLOGICAL,
    private readonly compares: boolean,
  ) {}

  public static async start(
    majors: readonly [number, number],
    {
      settings = {},
      schema = '',
      schemas = ['shop'],
      parts = {},
      kind = LinkKind.NATIVE,
      compares = false,
      portFor = async (_side, port) => port,
    }: LabOptions = {},
  ): Promise<CutoverLab> {
    const workspace = await Workspace.open();
    const admin = { user: 'dbadmin', password: randomPassword() };
    const { user: username, password } = admin;
    const secrets = new ReaderSecret(createSecret({ username, password, version: '1' }));
    const servers = await Promise.all(
      majors.map((major, index) =>
        startTestServer({
          workspace,
          major,
          name: index === 0 ? 'blue' : 'green',
          superuser: 'rdsadmin',
          ...(kind === LinkKind.PGLOGICAL ? PGLOGICAL_SERVER : {}),
          settings: {
            ...SETTINGS,
            ...(kind === LinkKind.PGLOGICAL ? PGLOGICAL_SERVER.settings : {}),
            ...settings,
          },
        }),
      ),
    );
    const [blue, green] = await Promise.all(
      servers.map((server, index) =>
        makeSide(index === 0 ? 'blue' : 'green', server, { ...admin, kind }, portFor),
      ),
    );
    if (blue === undefined || green === undefined) throw new Error('two servers are needed');
    const selection = { schemas };
    const divided = divide(selection, Object.values(parts));
    const dealt = [
      { part: undefined, selection: divided.rest },
      ...Object.keys(parts).map((part, index) => ({
        part,
        selection: divided.parts[index] ?? divided.rest,
      })),
    ];
    const lab = new CutoverLab(
      blue,
      green,
      selection,
      dealt,
      secrets,
      workspace,
      servers,
      kind,
      compares,
    );
    await lab.provision(schema);
    return lab;
  }

  /** The cutover from blue to green. */
  public plan(limits: Partial<CutoverLimits> = {}): CutoverPlan {
    return {
      migration: 'shop',
      from: 'blue',
      to: 'green',
      selection: this.selection,
      forward: this.parts.map(({ part }) => path(this.kind, 'forward', 'blue', part)),
      reverse: this.parts.map(({ part }) => ({
        ...path(this.kind, 'backward', 'green', part),
        publisher: this.publisher(this.green),
      })),
      keep: { blue: ['reader'], green: ['reader'] },
      ...(this.compares ? {} : { skipVerification: true }),
      limits: {
        ...CUTOVER_LIMITS,
        ...(this.compares ? {} : { verificationMs: 0 }),
        budgetMs: 20_000,
        ...limits,
      },
    };
  }

  /** What a walk works with; its sessions are its own. */
  public async services(): Promise<LabServices> {
    return await openServices({
      lab: this,
      servers: [this.blue.name, this.green.name],
      session: (server, more) => this.side(server).session(more),
      secrets: this.secrets,
      pglogical: PGLOGICAL_SUBSCRIPTIONS,
      ...(this.compares ? { connections: this.connections() } : {}),
    });
  }

  /** Waits until a reader is back at every slot that a receiver is to read. */
  public async followed(): Promise<void> {
    for (const [writer, reader] of [
      [this.blue, this.green],
      [this.green, this.blue],
    ] as const) {
      const [wanted, found] = await Promise.all([reader.superuser(), writer.superuser()]);
      await untilFollowed(wanted, found).finally(() => Promise.all([wanted.end(), found.end()]));
    }
  }

  /** Gives the replication role another password: in the secret, and on `sides`. */
  public async rotate(sides: readonly Side[] = [this.blue, this.green]): Promise<void> {
    this.secrets.renew();
    for (const side of sides)
      await side.admin.query(`ALTER ROLE reader PASSWORD '${this.secrets.verifier}'`);
  }

  /** The logins of the runner and of replication, for a store of secrets elsewhere. */
  public async logins(): Promise<{ readonly admin: Secret; readonly reader: Secret }> {
    return { admin: await this.secrets.get(ADMIN), reader: await this.secrets.get(READER) };
  }

  /** Where the sides are, for sessions of a comparison's own. */
  public connections(): { readonly blue: Connection; readonly green: Connection } {
    const of = ({ name, server }: Side): Connection => ({
      server: name,
      host: 'localhost',
      port: server.port,
      database: DATABASE,
      secret: ADMIN,
      sslMode: 'verify-full',
      caCertificate: server.caCertificate,
    });
    return { blue: of(this.blue), green: of(this.green) };
  }

  /** How applications connect at the moment. */
  public application(): ClientConfig {
    return this.current.server.connectionConfig(DATABASE, {
      user: 'app',
      password: this.appPassword,
    });
  }

  /** The side that clients are sent to. */
  public get current(): Side {
    return this.side(this.active);
  }

  /** The side called `name`. */
  public side(name: string): Side {
    return name === 'blue' ? this.blue : this.green;
  }

  /** Waits until every table streams. */
  public async copied(): Promise<void> {
    await waitUntil({
      what: 'every table must stream',
      deadlineMs: 60_000,
      probe: async () => {
        const { rows } = await this.green.admin.query(
          this.kind === LinkKind.PGLOGICAL
            ? `SELECT count(*)::int AS tables, count(*) FILTER (WHERE sync_status = 'r')::int AS ready FROM pglogical.local_sync_status`
            : `SELECT count(*)::int AS tables, count(*) FILTER (WHERE srsubstate = 'r')::int AS ready FROM pg_subscription_rel`,
        );
        const done = rows[0].tables > 0 && rows[0].tables === rows[0].ready;
        return done ? { done, value: undefined } : { done, reason: JSON.stringify(rows[0]) };
      },
    });
  }

  public async stop(): Promise<void> {
    await Promise.all([this.blue.admin.end(), this.green.admin.end()]);
    await Promise.all(this.servers.map((server) => server.stop()));
    await this.workspace.dispose();
  }

  public publisher(side: Side, secret = READER): PublisherAddress {
    const subscriber = side === this.blue ? this.green : this.blue;
    return {
      server: side.name,
      host: side.server.host,
      port: side.port,
      database: DATABASE,
      secret,
      // The libpq of 14 compares no addresses.
      sslMode:
        subscriber.server.major < 15 ? PublisherSslMode.VERIFY_CA : PublisherSslMode.VERIFY_FULL,
      sslRootCert: side.server.caCertificateFile,
    };
  }

  private async provision(schema: string): Promise<void> {
    const names = this.parts.flatMap(({ part }) => part ?? []);
    for (const side of [this.blue, this.green]) {
      await side.admin.query(`CREATE ROLE app LOGIN PASSWORD '${scramVerifier(this.appPassword)}'`);
      await side.admin.query(`${schema};\n${SCHEMA}`);
      await this.apply(side, { kind: 'ledger' });
      await this.apply(side, {
        kind: 'role',
        name: 'reader',
        secret: READER,
        replication: true,
        readSchemas: this.selection.schemas,
        database: ['CONNECT'],
      });
      await this.apply(side, { kind: 'canary', readers: ['reader'], parts: names });
    }
    await this.apply(this.green, { kind: 'connection-guard', keep: ['reader'] });
    if (this.kind === LinkKind.PGLOGICAL) await makeNodes(this);
    for (const part of this.parts) await this.deal(part);
    await this.copied();
  }

  /** Has a part travel by ways of its own. */
  public async deal(part: LabPart): Promise<void> {
    await (this.kind === LinkKind.PGLOGICAL ? dealByPglogical : dealNatively)(this, part);
  }

  /** Reconciles an object of the deployment. */
  public async apply(side: Side, spec: object): Promise<void> {
    await apply({ client: side.admin }, this.secrets, {
      server: side.name,
      spec: readSpec(spec),
      owner: 'stack',
    });
  }

  /** Takes an object of the deployment away. */
  public async drop(side: Side, spec: object): Promise<void> {
    await drop({ client: side.admin }, this.secrets, {
      server: side.name,
      spec: readSpec(spec),
      owner: 'stack',
    });
  }
}
