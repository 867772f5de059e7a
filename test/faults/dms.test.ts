import { CUTOVER_STEPS, type CutoverPlan } from '../../lib/postgres';
import { abandon } from '../../lib/runner';
import { DmsLab } from '../runner/cutover/dms-lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { sampled } from './matrix';
import { alone, back, expectSame, expectWhole, goOn, killedAt, type Moment, OWNER } from './walks';

const MOMENTS: readonly Moment[] = sampled(
  CUTOVER_STEPS.flatMap(({ id }) => [
    { step: id, edge: 'before' as const },
    { step: id, edge: 'after' as const },
  ]),
  ({ step, edge }) => edge === 'after' && ['fence', 'stop-forward', 'open'].includes(step),
);

describe('a runner that is killed where AWS DMS replicates', () => {
  let dms: DmsLab;
  let writers: JournalWriter[];
  beforeAll(async () => {
    dms = await DmsLab.start();
    writers = [0, 1].map((client) => new JournalWriter(client, () => dms.lab.application(), 1));
    await untilWritten(writers);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await dms.stop();
  });

  /** There by the task, back by a subscription, and by the task once more. */
  const onwards = (): CutoverPlan => {
    const { reverse } = dms.lab.plan();
    const plan = dms.plan(reverse === undefined ? {} : { reverse });
    return dms.active === plan.from ? plan : back(plan);
  };

  test.each(MOMENTS)('$edge $step, goes on when it is run again', async (moment) => {
    const plan = onwards();
    await killedAt(dms, plan, moment);
    expect(await goOn(dms, plan)).toEqual([]);
    expect(dms.active).toBe(plan.to);
    await expectWhole(dms.lab, writers);
  });

  test.each(MOMENTS)('$edge $step, is taken back when it is given up', async (moment) => {
    const plan = onwards();
    await killedAt(dms, plan, moment);
    const undone = await alone(dms, (services) => abandon({ plan, owner: OWNER }, services));
    await expectWhole(dms.lab, writers);
    expect(await goOn(dms, plan)).toEqual([]);
    expect(dms.active).toBe(plan.to);
    expect({ undone, ...moment }).toEqual({ undone: isUndone(moment), ...moment });
    await expectWhole(dms.lab, writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(dms.lab, writers);
  });
});

/** A fence is undone until the decision falls. */
function isUndone({ step, edge }: Moment): boolean {
  const ids: readonly string[] = CUTOVER_STEPS.map(({ id }) => id);
  const at = ids.indexOf(step) + (edge === 'after' ? 1 : 0);
  return at > ids.indexOf('fence') && at <= ids.indexOf('open');
}
