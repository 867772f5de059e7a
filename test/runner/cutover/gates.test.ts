import { checkCutover, status } from '../../../lib/runner';
import { asSuperuser, failureOf } from '../../faults/walks';
import { CutoverLab, type Side } from './lab';

test('a gate that cannot be read keeps the cutover from beginning', async () => {
  const lab = await CutoverLab.start([17, 17]);
  const services = await lab.services();
  const { skipVerification: _skipped, ...plan } = lab.plan();
  // As an earlier release might have left it.
  await asSuperuser(lab.green, 'CREATE TABLE pontoon.verification (migration text)');
  const walk = checkCutover({ plan, owner: 'test' }, services);
  const said = await failureOf(walk.finally(() => services.close()));
  await lab.stop();
  expect(said).toBe(
    `GATES_UNCHECKED: every gate of the cutover of 'shop' must be open, got:
- every selected table was compared, and is the same: unchecked, got cannot run SELECT stream, state, results FROM pontoon.verification WHERE migration = $1: the server said "column "stream" does not exist" [42703]; compare them, or look at the rows that differ`,
  );
});

describe('what applications may do', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([14, 17]);
  });
  afterAll(() => lab.stop());

  test('is the same on both servers, unless a login only reads that nobody made there', async () => {
    const { blue, green } = lab;
    const services = await lab.services();
    const found = async () => {
      const { gates } = await status({ plan: lab.plan() }, services);
      const { status: is, found: said } = gates.find(({ id }) => id === 'rights') ?? {};
      return `${is}: ${said}`;
    };
    const expected: string[] = [];
    const seen: string[] = [];
    const step = async (side: Side, text: string, says: string) => {
      await asSuperuser(side, text);
      seen.push(await found());
      expected.push(says);
    };
    const open = 'open: as it must be';
    await step(blue, 'SELECT', open);
    await step(
      green,
      'REVOKE INSERT, UPDATE ON shop.orders FROM app',
      `closed: role 'app', which may INSERT table "shop"."orders" on 'blue', and may not on 'green', and 1 more of the kind`,
    );
    await step(
      green,
      'CREATE ROLE several; GRANT ALL ON shop.orders TO several; GRANT several TO app',
      open,
    );
    await step(
      green,
      'REVOKE several FROM app; GRANT ALL ON shop.orders TO app; REVOKE ALL ON SEQUENCE shop.invoice FROM app',
      `closed: role 'app', which may USAGE sequence "shop"."invoice" on 'blue', and may not on 'green'`,
    );
    await step(green, 'GRANT UPDATE ON SEQUENCE shop.invoice TO app', open);
    await step(
      green,
      'REVOKE USAGE ON SCHEMA shop FROM app',
      `closed: role 'app', which may USAGE schema shop on 'blue', and may not on 'green'`,
    );
    await step(green, 'GRANT USAGE ON SCHEMA shop TO app', open);
    await step(
      blue,
      'CREATE ROLE analyst LOGIN; GRANT SELECT ON shop.orders TO analyst',
      `${open}, but 'green' lacks roles that read on 'blue': analyst`,
    );
    await step(
      blue,
      'GRANT DELETE ON shop.orders TO analyst',
      `closed: role 'analyst', which may SELECT table "shop"."orders" on 'blue', and may not on 'green', where it does not exist, and 1 more of the kind`,
    );
    await step(blue, 'ALTER ROLE analyst NOLOGIN', open);
    await services.close();
    expect(seen).toEqual(expected);
  });
});
