import type { ClientConfig } from 'pg';
import {
  CUTOVER_LIMITS,
  type CutoverLimits,
  type CutoverPlan,
  LinkKind,
  PublisherSslMode,
  rollbackOf,
} from '../../lib/postgres';
import { randomPassword } from '../../lib/rehearsal/servers';
import { scramVerifier } from '../../lib/runner';
import {
  type LabServices,
  openServices,
  untilFollowed,
  type WalkedLab,
} from '../runner/cutover/lab-services';
import { HybridChain } from '../runner/hybrid-chain';

const SCHEMA = `CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, client int NOT NULL, number int NOT NULL);
CREATE TABLE shop.counters (client int PRIMARY KEY, written int NOT NULL)`;
const SELECTION = { schemas: ['shop'] };
const SLOT = { kind: 'logical-slot', name: 'c', plugin: 'pgoutput' };

/** A, its standby B and C, with everything that a cutover along them needs. */
export class HybridLab implements WalkedLab {
  /** Where clients are sent. */
  public active = 'onPremises';

  private constructor(
    public readonly chain: HybridChain,
    private readonly password: string,
  ) {}

  public static async start(major: number): Promise<HybridLab> {
    const lab = new HybridLab(await HybridChain.start(major, SCHEMA), randomPassword());
    await lab.provision();
    return lab;
  }

  public async stop(): Promise<void> {
    await this.chain.stop();
  }

  /** How applications connect at the moment. */
  public application(): ClientConfig {
    const { a, c } = this.chain;
    return {
      host: '127.0.0.1',
      port: (this.active === a.name ? a : c).client.port,
      database: 'app',
      user: 'app',
      password: this.password,
      ssl: { rejectUnauthorized: false },
    };
  }

  /** What a walk works with; its sessions are its own. */
  public async services(): Promise<LabServices> {
    const { a, b, c, secrets } = this.chain;
    return await openServices({
      lab: this,
      servers: [a.name, b.name, c.name],
      session: (server, more) => this.chain.session(server, more),
      secrets,
    });
  }

  /** The cutover from A to C. */
  public plan(limits: Partial<CutoverLimits> = {}): CutoverPlan {
    const { port } = this.chain.c.client;
    return {
      migration: 'chain',
      from: 'onPremises',
      to: 'aurora',
      selection: SELECTION,
      forward: [
        {
          kind: LinkKind.NATIVE,
          decoder: 'standby',
          slotName: SLOT.name,
          subscription: 'forward',
          publication: 'forward',
        },
      ],
      reverse: [
        {
          kind: LinkKind.NATIVE,
          decoder: 'aurora',
          slotName: 'backward',
          subscription: 'backward',
          publication: 'backward',
          publisher: {
            server: 'aurora',
            host: '127.0.0.1',
            port,
            database: 'app',
            secret: 'reader',
            sslMode: PublisherSslMode.REQUIRE,
            sslRootCert: '',
          },
        },
      ],
      keep: { onPremises: ['reader'], aurora: ['reader'] },
      skipVerification: true,
      limits: { ...CUTOVER_LIMITS, verificationMs: 0, budgetMs: 20_000, ...limits },
    };
  }

  /** The cutover from C to A. */
  public back(): CutoverPlan {
    const back = rollbackOf(this.plan());
    if (back === undefined) throw new Error('the plan has a way back');
    return back;
  }

  /** Waits until a reader is back at every slot that C, or A, is to read. */
  public async followed(): Promise<void> {
    const { a, b, c } = this.chain;
    await untilFollowed(c.client, b.client);
    await untilFollowed(a.client, c.client);
  }

  /** Replicates from the start: whatever was on C goes. */
  public async replicateAgain(): Promise<void> {
    const { b, c } = this.chain;
    await c.drop(this.subscription());
    await b.drop(SLOT);
    await c.client.query('TRUNCATE shop.orders, shop.counters, pontoon.canary');
    await this.follow();
  }

  private async provision(): Promise<void> {
    const { chain } = this;
    const { a, c } = chain;
    chain.secrets.set('reader', 'reader', randomPassword());
    for (const link of [a, c]) {
      await link.client.query(`CREATE ROLE app LOGIN PASSWORD '${scramVerifier(this.password)}'`);
      await link.client.query(
        'GRANT USAGE ON SCHEMA shop TO app; GRANT ALL ON ALL TABLES IN SCHEMA shop TO app; GRANT ALL ON ALL SEQUENCES IN SCHEMA shop TO app',
      );
      await link.apply({ kind: 'ledger' });
      await link.apply({
        kind: 'role',
        name: 'reader',
        secret: 'reader',
        replication: true,
        readSchemas: ['shop'],
        database: ['CONNECT'],
      });
      await link.apply({ kind: 'canary', readers: ['reader'] });
    }
    await c.apply({ kind: 'connection-guard', keep: ['reader'] });
    const publication = { kind: 'publication', selection: SELECTION, canary: true };
    await a.apply({ ...publication, name: 'forward' });
    await c.apply({ ...publication, name: 'backward' });
    await this.follow();
  }

  private async follow(): Promise<void> {
    const { chain } = this;
    await chain.replayed();
    await chain.b.apply(SLOT);
    await chain.replayed();
    await chain.c.apply(this.subscription());
    await chain.arrives(
      `SELECT count(*) FILTER (WHERE srsubstate <> 'r')::int FROM pg_subscription_rel WHERE srsubid = (SELECT oid FROM pg_subscription WHERE subname = 'forward')`,
      0,
    );
  }

  private subscription(): object {
    return {
      kind: 'subscription',
      name: 'forward',
      publisher: this.chain.publisher('reader'),
      publications: ['forward'],
      slotName: SLOT.name,
    };
  }
}
