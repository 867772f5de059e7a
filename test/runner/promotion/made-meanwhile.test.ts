import { execFileSync } from 'node:child_process';
import { type PromotionEvent, promote } from '../../../lib/runner';
import { ClusterLab, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
const MAKE = 'CREATE DATABASE late OWNER app';

/** Makes the database before anything else happens. */
const MAKE_NOW = `const { Client } = require('pg');
const client = new Client(JSON.parse(process.argv[1]));
client.connect().then(() => client.query('${MAKE}')).then(() => client.end());`;

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => await lab?.close());

/** Promotes replica1, and has `make` make a database as `step` begins. */
async function promoteWhile(step: string, make: () => void): Promise<void> {
  const onEvent = (event: PromotionEvent): void => {
    if (event.kind === 'step' && event.id === step) make();
  };
  const input = lab.input({ to: 'replica1' });
  const { loss } = await promote({ input }, { secrets: lab.secrets, onEvent });
  expect(loss).toEqual({ kind: 'nothing' });
}

async function expectFencedToo(): Promise<void> {
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  const noted = `SELECT count(*)::int AS count FROM pg_db_role_setting WHERE setconfig::text LIKE '%replaced_by=1 replica1%'`;
  expect(await lab.ask(PRIMARY, noted)).toEqual([{ count: 4 }]);
  expect(await lab.ask('replica1', LIMITS)).toEqual([{ limit: -1 }]);
  const late = `SELECT datname FROM pg_database WHERE datname = 'late'`;
  expect(await lab.ask('replica1', late)).toEqual([{ datname: 'late' }]);
}

test('a database that is being made as the fence goes up lets nobody in either', async () => {
  const root = await lab.client(PRIMARY, 'postgres');
  let made: Promise<unknown> | undefined;
  await promoteWhile('fence', () => {
    made = root.query(MAKE).finally(() => root.end());
  });
  await made;
  await expectFencedToo();
});

test.each(['catch-up', 're-point'])(
  'a database that a superuser makes behind the fence, at %s, lets nobody in either',
  async (step) => {
    const config = JSON.stringify(lab.server(PRIMARY).controlConfig('postgres'));
    await promoteWhile(step, () => {
      execFileSync(process.execPath, ['-e', MAKE_NOW, config]);
    });
    await expectFencedToo();
  },
);
