import { createTopology, LinkKind, Platform } from '../../../lib/postgres';
import { Lab, look, mend } from './lab';

describe('preflight of a provider of pglogical', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start(15);
  });
  afterAll(() => lab.stop());

  test('finds tables without a key, and generated columns, and says how to mend them', async () => {
    const { name, client } = await lab.database(
      'CREATE TABLE fine (id int PRIMARY KEY)',
      'CREATE TABLE bare (line text)',
      'CREATE TABLE full_one (id int PRIMARY KEY)',
      'ALTER TABLE full_one REPLICA IDENTITY FULL',
      'CREATE TABLE computed (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)',
    );
    const blue = { platform: Platform.SELF_MANAGED, majorVersion: 15, database: name };
    const context = {
      topology: createTopology({
        servers: { blue, green: { ...blue, majorVersion: 17 } },
        links: [
          {
            kind: LinkKind.PGLOGICAL,
            from: 'blue',
            to: 'green',
            selection: { schemas: ['public'] },
          },
        ],
      }),
      server: 'blue',
    };
    const keys = await look(client, context, 'replica-identity');
    const message = (table: string): string =>
      `table "public"."${table}" has no key by which pglogical finds rows (REPLICA IDENTITY FULL is none), so that it is refused; add a primary key, or list it in 'insertOnly' of the replication set and accept this finding if its rows are never changed or deleted`;
    const full = {
      severity: 'error' as const,
      object: '"public"."full_one"',
      message: message('full_one'),
      fix: 'ALTER TABLE "public"."full_one" REPLICA IDENTITY DEFAULT;',
    };
    expect(keys).toEqual([
      { severity: 'error', object: '"public"."bare"', message: message('bare') },
      full,
    ]);
    const generated = await look(client, context, 'generated-columns');
    const column = {
      severity: 'error' as const,
      object: '"public"."computed"."twice"',
      message: `column "public"."computed"."twice" is generated, and pglogical would copy it as if it were written; carry the table by a NATIVE link, or make the column a plain one on both servers for as long as the migration lasts`,
      fix: 'ALTER TABLE "public"."computed" ALTER COLUMN "twice" DROP EXPRESSION;',
    };
    expect(generated).toEqual([column]);
    await mend(client, [full, column]);
    expect(await look(client, context, 'replica-identity')).toEqual(keys.slice(0, 1));
    expect(await look(client, context, 'generated-columns')).toEqual([]);
  });
});
