import { CUTOVER_STEPS, type CutoverPlan, PontoonError } from '../../lib/postgres';
import { contradictions, JournalWriter, untilWritten } from '../runner/cutover/writer';
import { HybridLab } from './hybrid-lab';
import { ALL, sampled } from './matrix';
import { goOn, killedAt, type Moment, onwards, walkWith } from './walks';
import { Wire } from './wire';

const MAJORS = ALL ? [16, 17, 18] : [17];

const IDS = CUTOVER_STEPS.map(({ id }) => id);

const MOMENTS: readonly Moment[] = sampled(
  IDS.flatMap((step) => [
    { step, edge: 'before' as const },
    { step, edge: 'after' as const },
  ]),
  ({ step, edge }) => edge === 'after' && ['fence', 'reverse', 'open'].includes(step),
);

const CRASHES = sampled(IDS, (step) => ['catch-up', 'settle'].includes(step));

const CUTS = sampled(IDS, (step) => step === 'catch-up');

describe.each(MAJORS)('along A, its standby B and C on PostgreSQL %i', (major) => {
  let lab: HybridLab;
  let wire: Wire;
  let writers: JournalWriter[];
  beforeAll(async () => {
    lab = await HybridLab.start(major);
    wire = await Wire.to(lab.chain.source.port);
    await lab.chain.followBy(wire.port);
    writers = [0, 1].map((client) => new JournalWriter(client, () => lab.application(), 1));
    await untilWritten(writers);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
    await wire.close();
  });

  /** Applications write where they are sent, and find there what they were told. */
  const expectWhole = async (): Promise<void> => {
    await untilWritten(writers);
    const { a, c } = lab.chain;
    const { client } = lab.active === a.name ? a : c;
    expect(await contradictions(client, writers)).toEqual([]);
  };

  /** Goes on with what a fault may have ended, until the new writer is open. */
  const openAfter = async (walk: Promise<unknown>, plan: CutoverPlan): Promise<void> => {
    await walk.catch((error: unknown) => {
      if (!(error instanceof PontoonError)) throw error;
    });
    await goOn(lab, plan);
    expect(lab.active).toBe(plan.to);
    await expectWhole();
  };

  test.each(MOMENTS)('a runner that is killed $edge $step goes on', async (moment) => {
    const plan = onwards(lab);
    await killedAt(lab, plan, moment);
    expect(await goOn(lab, plan)).toEqual([]);
    expect(lab.active).toBe(plan.to);
    await expectWhole();
  });

  test.each(CRASHES)('B that is killed with -9 before %s', async (step) => {
    const plan = onwards(lab);
    await lab.followed();
    const crash = () => lab.chain.crashStandby();
    await openAfter(walkWith(lab, plan, { step, edge: 'before' }, crash), plan);
  });

  test.each(CUTS)('a network between A and B that is cut before %s, and healed', async (step) => {
    const plan = onwards(lab);
    await lab.followed();
    const walk = walkWith(lab, plan, { step, edge: 'before' }, async () => {
      wire.cut();
      setTimeout(() => wire.heal(), 500);
    });
    await openAfter(walk, plan);
  });

  test.each(CUTS)('a connection of B to A that is reset before %s', async (step) => {
    const plan = onwards(lab);
    await lab.followed();
    const reset = async () => wire.reset();
    await openAfter(walkWith(lab, plan, { step, edge: 'before' }, reset), plan);
  });

  test('a network between A and B that stays cut spends the budget, and A works as before', async () => {
    // From where B is on the way.
    if (lab.active === 'aurora') await goOn(lab, onwards(lab));
    const plan = onwards(lab, { budgetMs: 6_000 });
    await lab.followed();
    const walk = walkWith(lab, plan, { step: 'catch-up', edge: 'before' }, async () => wire.cut());
    await expect(walk).rejects.toMatchObject({
      code: 'UNDONE',
      message: expect.stringMatching(
        /^'aurora' must have everything that was written on 'onPremises' up to \S+ within \d\.\d+ s, got 'standby' at \S+; look at the lag and at the log of the receiver; everything was taken back, and 'onPremises' works as before$/,
      ),
    });
    expect(lab.active).toBe('onPremises');
    await expectWhole();
    wire.heal();
    expect(await goOn(lab, onwards(lab))).toEqual([]);
    await expectWhole();
  });

  test('loses and doubles nothing', async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    const { a, c } = lab.chain;
    const count = 'SELECT count(*)::int FROM shop.orders';
    await a.until(count, await c.value(count));
    for (const { client } of [a, c]) expect(await contradictions(client, writers)).toEqual([]);
  });
});
