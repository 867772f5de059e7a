import { checkCutover } from '../../../lib/runner';
import { asSuperuser, failureOf } from '../../faults/walks';
import { CutoverLab } from './lab';

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
