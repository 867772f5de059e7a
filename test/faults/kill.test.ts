import { CUTOVER_STEPS } from '../../lib/postgres';
import { abandon } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter } from '../runner/cutover/writer';
import { ALL, PAIRS, sampled } from './matrix';
import {
  alone,
  expectSame,
  expectWhole,
  goOn,
  killedAt,
  killedWhen,
  type Moment,
  OWNER,
  onwards,
  watched,
} from './walks';

const MOMENTS: readonly Moment[] = sampled(
  CUTOVER_STEPS.flatMap(({ id }) => [
    { step: id, edge: 'before' as const },
    { step: id, edge: 'after' as const },
  ]),
  ({ step, edge }) => edge === 'after' && ['prepare', 'fence', 'reverse', 'open'].includes(step),
);

describe.each(PAIRS)('a runner that is killed, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let writers: JournalWriter[];
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
    writers = [0, 1].map((client) => new JournalWriter(client, () => lab.application(), 1));
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
  });

  test.each(MOMENTS)('$edge $step, goes on when it is run again', async (moment) => {
    const plan = onwards(lab);
    await killedAt(lab, plan, moment);
    expect(await goOn(lab, plan)).toEqual([]);
    expect(lab.active).toBe(plan.to);
    await expectWhole(lab, writers);
  });

  test.each(MOMENTS)('$edge $step, is taken back when it is given up', async (moment) => {
    const plan = onwards(lab);
    await killedAt(lab, plan, moment);
    const undone = await alone(lab, (services) => abandon({ plan, owner: OWNER }, services));
    if (!undone) await goOn(lab, plan);
    await expectWhole(lab, writers);
    // What was taken back leaves nothing behind that would keep the next cutover from working.
    if (undone) expect(await goOn(lab, plan)).toEqual([]);
    await expectWhole(lab, writers);
  });

  if (ALL) {
    test('before and after each statement, goes on', async () => {
      for (const edge of ['before', 'after'] as const) {
        for (let at = 1; ; at += 1) {
          const plan = onwards(lab);
          const ended = await killedWhen(lab, plan, (services, die) => {
            let statements = 0;
            const counted = async (ask: () => Promise<unknown>): Promise<unknown> => {
              statements += 1;
              if (statements !== at) return await ask();
              if (edge === 'after') await ask();
              return await die();
            };
            return watched(services, counted);
          });
          if (ended) {
            expect(at).toBeGreaterThan(50);
            break;
          }
          expect({ edge, at, codes: await goOn(lab, plan) }).toEqual({ edge, at, codes: [] });
          await expectWhole(lab, writers);
        }
      }
    });
  }

  test('loses and doubles nothing', async () => {
    await expectSame(lab, writers);
  });
});
