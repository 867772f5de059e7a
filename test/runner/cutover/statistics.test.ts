import { prepareCutover, waitUntil } from '../../../lib/runner';
import { alone, asSuperuser, watched } from '../../faults/walks';
import { CutoverLab } from './lab';

const SCHEMA = `CREATE SCHEMA parts;
CREATE TABLE parts.plain (id int PRIMARY KEY);
CREATE TABLE parts.events (id int, kind int, PRIMARY KEY (id, kind)) PARTITION BY RANGE (id);
CREATE TABLE parts.low PARTITION OF parts.events FOR VALUES FROM (0) TO (5000);
CREATE TABLE parts.high PARTITION OF parts.events FOR VALUES FROM (5000) TO (100000) PARTITION BY LIST (kind);
CREATE TABLE parts.high_all PARTITION OF parts.high DEFAULT`;

/** The planner knows only what it was told to look at. */
const SETTINGS = { autovacuum: 'off' };

describe.each([14, 18] as const)('before the fence, on PostgreSQL %i', (major) => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([major, major], {
      schema: SCHEMA,
      schemas: ['shop', 'parts'],
      settings: SETTINGS,
    });
  });
  afterAll(() => lab.stop());

  /** Writes rows to the old writer, and waits until the new one counts them. */
  const written = async (from: number, to: number): Promise<void> => {
    for (const table of ['plain (id) SELECT i', 'events SELECT i, 1'])
      await asSuperuser(
        lab.blue,
        `INSERT INTO parts.${table} FROM generate_series(${from}, ${to}) i`,
      );
    await waitUntil({
      what: 'the rows must be counted',
      deadlineMs: 60_000,
      probe: async () => {
        // What it applied, 14 counts no sooner than with a later transaction.
        await asSuperuser(lab.blue, `INSERT INTO shop.customers (name) VALUES ('later')`);
        const rows = await asSuperuser(
          lab.green,
          `SELECT relname AS name, n_live_tup::int AS rows FROM pg_stat_user_tables WHERE relname IN ('plain', 'low', 'high_all')`,
        );
        const counted = new Map(rows.map(({ name, rows: live }) => [name, Number(live)]));
        const parts = (counted.get('low') ?? 0) + (counted.get('high_all') ?? 0);
        return counted.get('plain') === to && parts === to
          ? { done: true, value: undefined }
          : { done: false, reason: JSON.stringify(rows) };
      },
    });
  };

  /** What is looked at while a cutover is made ready. */
  const prepared = async (): Promise<readonly string[]> => {
    const asked: string[] = [];
    await alone(lab, async (services) => {
      const noting = watched(services, async (work, text = '') => {
        if (text.startsWith('ANALYZE')) asked.push(text);
        return await work();
      });
      const before = await asSuperuser(lab.green, 'SELECT now()::text AS at');
      await prepareCutover({ plan: lab.plan(), owner: 'test' }, noting);
      await noticed(asked.length, String(before[0]?.at));
    });
    return asked;
  };

  /** Waits until the server itself knows what was looked at, which 14 does a moment later. */
  const noticed = async (count: number, since: string): Promise<void> => {
    await waitUntil({
      what: 'the server must know what was looked at',
      deadlineMs: 60_000,
      probe: async () => {
        const rows = await asSuperuser(
          lab.green,
          `SELECT relname AS name, last_analyze AS at FROM pg_stat_user_tables WHERE schemaname IN ('shop', 'parts') AND relname NOT IN ('high', 'high_all', 'low') AND last_analyze >= '${since}'`,
        );
        return rows.length === count
          ? { done: true, value: undefined }
          : { done: false, reason: JSON.stringify(rows) };
      },
    });
  };

  /** Of which tables the planner of the new writer knows anything; of a root, what it knows of all partitions. */
  const known = async (): Promise<readonly unknown[]> =>
    (
      await asSuperuser(
        lab.green,
        `SELECT DISTINCT tablename || CASE WHEN inherited THEN ' with its partitions' ELSE '' END AS name FROM pg_stats WHERE schemaname = 'parts' ORDER BY 1`,
      )
    ).map(({ name }) => name);

  test('the planner of the new writer learns of every table, and of every root of partitions', async () => {
    await written(1, 9000);
    expect(await known()).toEqual([]);
    expect(await prepared()).toEqual([
      'ANALYZE "parts"."events"',
      'ANALYZE "parts"."plain"',
      'ANALYZE "shop"."counters"',
      'ANALYZE "shop"."customers"',
      'ANALYZE "shop"."orders"',
    ]);
    expect(await known()).toEqual([
      'events with its partitions',
      'high with its partitions',
      'high_all',
      'low',
      'plain',
    ]);
  });

  test('what it knows is not looked at again until much has changed', async () => {
    expect(await prepared()).toEqual([]);
    await written(9001, 10000);
    expect(await prepared()).toEqual([]);
    await written(10001, 20000);
    expect(await prepared()).toEqual(['ANALYZE "parts"."events"', 'ANALYZE "parts"."plain"']);
    expect(await prepared()).toEqual([]);
  });
});
