import { status } from '../../../lib/runner';
import { CutoverLab, type LabServices } from './lab';

const TYPES = `CREATE DOMAIN kinds.amount AS int CHECK (VALUE > 0);
CREATE TYPE kinds.colour AS ENUM ('red', 'green');
CREATE TYPE kinds.part AS (amount kinds.amount, colour kinds.colour);
CREATE TYPE kinds.span AS RANGE (SUBTYPE = int);
CREATE TABLE kinds.things (id int PRIMARY KEY, parts kinds.part[], span kinds.span, name text COLLATE "C")`;

describe.each([[17, 17] as const, [14, 18] as const])('schemas of %i and %i', (from, to) => {
  let lab: CutoverLab;
  let services: LabServices;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to], {
      schema: `CREATE SCHEMA kinds; ${TYPES}`,
      schemas: ['shop', 'kinds'],
    });
    services = await lab.services();
  });
  afterAll(async () => {
    await services.close();
    await lab.stop();
  });

  test('differ where the types that columns are made of differ', async () => {
    expect(await gate()).toBe('as it must be');
    await lab.green.admin.query(
      `DROP TABLE kinds.things; DROP TYPE kinds.part, kinds.amount, kinds.colour, kinds.span;
       ${TYPES.replace('VALUE > 0', 'VALUE > 9').replace(`, 'green'`, '').replace('colour kinds.colour)', 'colour kinds.colour, name text)').replace(' COLLATE "C"', '').replace('SUBTYPE = int', 'SUBTYPE = bigint')}`,
    );
    const found = String(await gate());
    expect(found.slice(`on 'green': `.length).split('; ').sort()).toEqual([
      'column kinds.things.name is "text" instead of "text COLLATE pg_catalog."C""',
      'composite kinds.part is "amount kinds.amount, colour kinds.colour, name text" instead of "amount kinds.amount, colour kinds.colour"',
      'domain kinds.amount is "integer CHECK ((VALUE > 9))" instead of "integer CHECK ((VALUE > 0))"',
      `enum kinds.colour is "'red'" instead of "'red', 'green'"`,
      'range kinds.span is "bigint" instead of "integer"',
    ]);
  });

  const gate = async (): Promise<unknown> =>
    (await status({ plan: lab.plan() }, services)).gates.find(({ id }) => id === 'schemas')?.found;
});
