import { failureOf, walkWith } from '../../faults/walks';
import { CutoverLab } from './lab';

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
});
afterAll(() => lab.stop());

/** A fence of another migration of the same database, as its journal has it. */
const otherFence = (): Promise<unknown> =>
  lab.blue.admin.query(
    `INSERT INTO pontoon.cutover (migration, from_server, to_server, owner, fenced_at, deadline, connect_before) VALUES ('other', 'blue', 'red', 'somebody', now(), now(), '{"connect": [""], "grantable": []}')`,
  );

test('a database is fenced by one migration at a time', async () => {
  const late = walkWith(lab, lab.plan(), { step: 'fence', edge: 'before' }, otherFence);
  expect(await failureOf(late)).toMatch(
    /^(UNDONE: )?(FENCED_BY_ANOTHER: )?the database on 'blue' must be fenced by one migration at a time, got 'other' too; finalize that one, or take it back, first/,
  );
  const walk = walkWith(lab, lab.plan(), { step: 'gates', edge: 'after' }, async () => undefined);
  expect(await failureOf(walk)).toBe(
    `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- no other migration fences the old writer: closed, got that of 'other' on 'blue'; finalize that one, or take it back, first: a database has one fence`,
  );
  await lab.blue.admin.query(`DELETE FROM pontoon.cutover WHERE migration = 'other'`);
  const again = walkWith(lab, lab.plan(), { step: 'fence', edge: 'after' }, async () => undefined);
  await expect(again).resolves.toBeDefined();
});
