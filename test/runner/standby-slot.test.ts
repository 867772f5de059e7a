// A new slot on a standby waits for its primary: what happens when that says nothing.
import { HybridChain, Link } from './hybrid-chain';

const SLOT = { kind: 'logical-slot', name: 'c', plugin: 'pgoutput' };

let chain: HybridChain;

beforeAll(async () => {
  chain = await HybridChain.start(17, 'CREATE TABLE orders (id int PRIMARY KEY)');
  await chain.a.apply({ kind: 'ledger' });
});
afterAll(() => chain.stop());

async function slotsOfB(): Promise<unknown> {
  return await chain.b.value('SELECT count(*)::int FROM pg_replication_slots');
}

test('a standby without its primary is refused before anything is tried', async () => {
  const alone = new Link('standby', chain.b.client, chain.secrets);
  await expect(alone.apply(SLOT)).rejects.toMatchObject({
    code: 'NO_PRIMARY',
    message:
      "'primary' must be given for the standby 'standby', got nothing; add the connection to its primary, where the ledger is",
  });
  await expect(alone.drop(SLOT)).rejects.toMatchObject({ code: 'NO_PRIMARY' });
  expect(await slotsOfB()).toBe(0);
});

test('a primary that refuses to log its transactions is told, and no slot is waited for', async () => {
  await chain.a.client.query(`CREATE ROLE keeper LOGIN;
    GRANT USAGE ON SCHEMA pontoon TO keeper; GRANT ALL ON ALL TABLES IN SCHEMA pontoon TO keeper`);
  await chain.a.client.query('SET ROLE keeper');
  const limited = new Link('standby', chain.b.client, chain.secrets, chain.a);
  await expect(limited.apply(SLOT)).rejects.toThrow(
    'cannot log the running transactions on the primary: the server said "permission denied for function pg_log_standby_snapshot" [42501]',
  );
  await chain.a.client.query('RESET ROLE');
  expect(await slotsOfB()).toBe(0);
  expect(await chain.a.value('SELECT count(*)::int FROM pontoon.objects')).toBe(0);
});
