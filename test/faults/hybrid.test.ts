import type { ClientConfig } from 'pg';
import {
  CUTOVER_LIMITS,
  type CutoverPlan,
  LinkKind,
  PublisherSslMode,
  rollbackOf,
} from '../../lib/postgres';
import { randomPassword } from '../../lib/rehearsal/servers';
import {
  type CutoverEvent,
  type CutoverServices,
  cutover,
  scramVerifier,
  status,
} from '../../lib/runner';
import { contradictions, JournalWriter, untilWritten } from '../runner/cutover/writer';
import { HybridChain } from '../runner/hybrid-chain';
import { ALL } from './matrix';
import { failureOf } from './walks';

const SCHEMA = `CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigserial PRIMARY KEY, client int NOT NULL, number int NOT NULL);
CREATE TABLE shop.counters (client int PRIMARY KEY, written int NOT NULL)`;
const SELECTION = { schemas: ['shop'] };
const MAJORS = ALL ? [16, 17, 18] : [17];

describe.each(MAJORS)('a cutover along A, its standby B and C on PostgreSQL %i', (major) => {
  let chain: HybridChain;
  let active = 'onPremises';
  let writers: JournalWriter[] = [];
  const password = randomPassword();
  beforeAll(async () => {
    chain = await HybridChain.start(major, SCHEMA);
    await provision(chain, password);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await chain.stop();
  });

  const application = (): ClientConfig => ({
    host: '127.0.0.1',
    port: (active === 'onPremises' ? chain.a : chain.c).client.port,
    database: 'app',
    user: 'app',
    password,
    ssl: { rejectUnauthorized: false },
  });

  const servicesOf = (): CutoverServices => ({
    sessions: new Map([chain.a, chain.b, chain.c].map((link) => [link.name, link.client])),
    secrets: chain.secrets,
    endpoint: {
      active: async () => active,
      activate: async (server) => {
        active = server;
      },
    },
  });

  test('there and back, and once more, with the standby in between', async () => {
    writers = [0, 1, 2].map((client) => new JournalWriter(client, application, 1));
    await untilWritten(writers, 20);
    const plan = planOf(chain);
    const back = rollbackOf(plan);
    if (back === undefined) throw new Error('the plan has a way back');
    const services = servicesOf();
    for (const one of [plan, back, plan, back]) {
      await followed(chain, one);
      const outcome = await cutover({ plan: one, owner: 'test' }, services);
      expect(outcome.result).toBe('opened');
      expect(active).toBe(one.to);
      await untilWritten(writers, 20);
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    expect(await contradictions(chain.a.client, writers)).toEqual([]);
    await chain.c.until(
      'SELECT count(*)::int FROM shop.orders',
      await chain.a.value('SELECT count(*)::int FROM shop.orders'),
    );
    expect(await contradictions(chain.c.client, writers)).toEqual([]);
    const found = await status({ plan: back }, services);
    expect(found).toMatchObject({ phase: 'open', writer: 'onPremises' });
  });

  test('is undone when the slot on the standby is lost behind the fence', async () => {
    const plan = planOf(chain);
    await followed(chain, plan);
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'step' && event.step.id === 'catch-up') await loseSlot(chain);
    };
    const walk = cutover({ plan, owner: 'test' }, { ...servicesOf(), onEvent });
    expect(await failureOf(walk)).toBe(
      `UNDONE: slot 'c' on 'standby' must be there, got none; what it had not sent is missing on the new writer, so replicate from the start again; everything was taken back, and 'onPremises' works as before`,
    );
    expect(active).toBe('onPremises');
    const writer = new JournalWriter(9, application, 1);
    await untilWritten([writer]);
    await writer.stop();
  });
});

/** Takes the slot on B away from under its reader. */
async function loseSlot({ b }: HybridChain): Promise<void> {
  await b.until(
    `SELECT count(*)::int FROM pg_replication_slots WHERE slot_name = 'c'`,
    0,
    async () => {
      await b.client.query(
        `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'c' AND active`,
      );
      await b.client.query(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'c' AND NOT active`,
      );
    },
  );
}

async function followed(chain: HybridChain, { forward }: CutoverPlan): Promise<void> {
  const decoder = forward.decoder === chain.b.name ? chain.b : chain.c;
  await decoder.until(
    `SELECT active FROM pg_replication_slots WHERE slot_name = '${forward.slotName}'`,
    true,
  );
}

function planOf(chain: HybridChain): CutoverPlan {
  const { port } = chain.c.client;
  return {
    migration: 'chain',
    from: 'onPremises',
    to: 'aurora',
    selection: SELECTION,
    forward: {
      kind: LinkKind.NATIVE,
      decoder: 'standby',
      slotName: 'c',
      subscription: 'forward',
      publication: 'forward',
    },
    reverse: {
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
    keep: { onPremises: ['reader'], aurora: ['reader'] },
    skipVerification: true,
    limits: { ...CUTOVER_LIMITS, verificationMs: 0, budgetMs: 10_000 },
  };
}

async function provision(chain: HybridChain, password: string): Promise<void> {
  const { a, b, c } = chain;
  chain.secrets.set('reader', 'reader', randomPassword());
  for (const link of [a, c]) {
    await link.client.query(`CREATE ROLE app LOGIN PASSWORD '${scramVerifier(password)}'`);
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
  await chain.replayed();
  await b.apply({ kind: 'logical-slot', name: 'c', plugin: 'pgoutput' });
  await chain.replayed();
  await c.apply({
    kind: 'subscription',
    name: 'forward',
    publisher: chain.publisher('reader'),
    publications: ['forward'],
    slotName: 'c',
  });
  await chain.arrives(
    `SELECT count(*) FILTER (WHERE srsubstate <> 'r')::int FROM pg_subscription_rel`,
    0,
  );
}
