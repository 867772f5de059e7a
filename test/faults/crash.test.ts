import { CUTOVER_STEPS } from '../../lib/postgres';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter } from '../runner/cutover/writer';
import { PAIRS, sampled } from './matrix';
import { asSuperuser, expectSame, expectWhole, goOn, onwards, walkWith } from './walks';

const CASES = sampled(
  CUTOVER_STEPS.flatMap(({ id }) => [
    { step: id, which: 'old' as const },
    { step: id, which: 'new' as const },
  ]),
  ({ step, which }) =>
    which === 'old' ? ['catch-up', 'open'].includes(step) : ['reverse', 'settle'].includes(step),
);

describe.each(PAIRS)('a server that is killed with -9, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let writers: JournalWriter[];
  beforeAll(async () => {
    // Writers that did not wait for the disk may lose what was acknowledged, whoever walks; so none of them writes here.
    lab = await CutoverLab.start([from, to], { settings: { synchronous_commit: 'off' } });
    writers = [0, 2].map((client) => new JournalWriter(client, () => lab.application(), 1));
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
  });

  test.each(CASES)('the $which writer before $step', async ({ step, which }) => {
    const plan = onwards(lab);
    await lab.followed();
    // What a worker confirmed for the one before it is lost by a crash soon afterwards: only verification finds that.
    for (const one of [lab.blue, lab.green]) await asSuperuser(one, 'CHECKPOINT');
    const side = lab.side(which === 'old' ? plan.from : plan.to);
    const walk = walkWith(lab, plan, { step, edge: 'before' }, async () => {
      await side.server.kill();
      await side.server.start();
    });
    await walk.catch(() => undefined);
    await goOn(lab, plan);
    expect(lab.active).toBe(plan.to);
    await expectWhole(lab, writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(lab, writers);
  });
});
