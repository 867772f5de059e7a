// A provider on 15 and a subscriber on 17, with an owner that is a superuser, as pglogical demands.
import type { Client } from 'pg';
import {
  addObjectKinds,
  createSecret,
  PGLOGICAL_KINDS,
  PontoonError,
  type PublisherAddress,
  PublisherSslMode,
  readSpec,
  type SecretStore,
} from '../../lib/postgres';
import { randomPassword, Workspace } from '../../lib/rehearsal/servers';
import { apply, drop, type Outcome, plan } from '../../lib/runner';
import { PGLOGICAL_SERVER } from '../pglogical-servers';
import { startTestServer, type TestServer } from '../servers';

addObjectKinds(PGLOGICAL_KINDS);

export const READER = 'env:READER_';
export const LOCAL = 'env:LOCAL_';

/** One of the two servers. */
export interface PglogicalSide {
  readonly name: string;
  readonly server: TestServer;
  readonly admin: Client;
}

/** Two servers with pglogical, and nothing of it yet. */
export class PglogicalPair {
  private reader = randomPassword();
  private version = 1;

  private constructor(
    public readonly blue: PglogicalSide,
    public readonly green: PglogicalSide,
    public readonly workspace: Workspace,
  ) {}

  /** The secrets of the login that reads on the other side, and of the one that writes on its own. */
  public readonly secrets: SecretStore = {
    get: async (reference) => {
      if (reference === READER)
        return createSecret({
          username: 'reader',
          password: this.reader,
          version: String(this.version),
        });
      if (reference === LOCAL) return createSecret({ ...this.local(this.green), version: '1' });
      throw new PontoonError('SECRET_UNAVAILABLE', `no '${reference}'`);
    },
  };

  public static async start(
    settings: Readonly<Record<string, string>> = {},
  ): Promise<PglogicalPair> {
    const workspace = await Workspace.open();
    const side = async (name: string, major: number): Promise<PglogicalSide> => {
      const server = await startTestServer({
        ...PGLOGICAL_SERVER,
        settings: { ...PGLOGICAL_SERVER.settings, ...settings },
        workspace,
        major,
        name,
      });
      return { name, server, admin: await server.client() };
    };
    const [blue, green] = await Promise.all([side('blue', 15), side('green', 17)]);
    return new PglogicalPair(blue, green, workspace);
  }

  /** The present password of the login that reads. */
  public get password(): string {
    return this.reader;
  }

  /** Gives the login that reads another password in its secret, and nowhere else. */
  public rotate(): void {
    this.reader = randomPassword();
    this.version += 1;
  }

  /** Where `side` is found by servers. */
  public address(side: PglogicalSide, secret: string): PublisherAddress {
    const { server } = side.server;
    return {
      server: side.name,
      host: server.host,
      port: server.port,
      database: 'postgres',
      secret,
      sslMode: PublisherSslMode.VERIFY_FULL,
      sslRootCert: server.caCertificateFile,
    };
  }

  /** What everything else needs. */
  public async furnish(): Promise<void> {
    for (const side of [this.blue, this.green]) {
      await this.apply(side, { kind: 'ledger' });
      await this.apply(side, {
        kind: 'role',
        name: 'reader',
        secret: READER,
        replication: true,
        readSchemas: ['shop'],
        database: ['CONNECT'],
      });
      await this.apply(side, { kind: 'canary', readers: ['reader'] });
    }
  }

  /** The nodes of both. */
  public async makeNodes(): Promise<void> {
    for (const side of [this.blue, this.green]) await this.apply(side, this.node(side));
  }

  public node(side: PglogicalSide): object {
    const more =
      side === this.green
        ? { local: this.address(side, LOCAL) }
        : { slots: ['forward_slot', 'second_slot'] };
    return { kind: 'pglogical-node', name: side.name, readers: ['reader'], ...more };
  }

  public subscription(more: object = {}): object {
    return {
      kind: 'pglogical-subscription',
      name: 'forward',
      provider: this.address(this.blue, READER),
      replicationSet: 'forward',
      slotName: 'forward_slot',
      ...more,
    };
  }

  public async apply(side: PglogicalSide, spec: object): Promise<Outcome> {
    return await apply({ client: side.admin }, this.secrets, this.request(side, spec));
  }

  public async plan(side: PglogicalSide, spec: object): Promise<readonly string[]> {
    const steps = await plan({ client: side.admin }, this.secrets, this.request(side, spec));
    return steps.map(({ title }) => title);
  }

  public async drop(side: PglogicalSide, spec: object): Promise<Outcome> {
    return await drop({ client: side.admin }, this.secrets, this.request(side, spec));
  }

  public async stop(): Promise<void> {
    for (const { server } of [this.blue, this.green]) await server.stop();
    await this.workspace.dispose();
  }

  private local({ server }: PglogicalSide): { username: string; password: string } {
    const { user, password } = server.server.superuser;
    return { username: user, password };
  }

  private request(side: PglogicalSide, spec: object) {
    return { server: side.name, spec: readSpec(spec), owner: 'stack' };
  }
}
