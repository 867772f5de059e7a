import { CUTOVER_STEPS } from '../../lib/postgres';
import { abandon, type CutoverEvent, finalize } from '../../lib/runner';
import { CutoverLab, type LabServices } from '../runner/cutover/lab';
import { JournalWriter } from '../runner/cutover/writer';
import { ALL, PAIRS, sampled } from './matrix';
import {
  alone,
  asSuperuser,
  back,
  compare,
  expectSame,
  expectWhole,
  goOn,
  isMoment,
  killedAt,
  killedWhen,
  type Moment,
  OWNER,
  onwards,
  watched,
} from './walks';
import { writtenLab } from './written-lab';

const MOMENTS: readonly Moment[] = sampled(
  CUTOVER_STEPS.flatMap(({ id }) => [
    { step: id, edge: 'before' as const },
    { step: id, edge: 'after' as const },
  ]),
  ({ step, edge }) =>
    (edge === 'after' && ['prepare', 'verify', 'reverse', 'open'].includes(step)) ||
    (edge === 'before' && step === 'verify'),
);

/** What the opening does in one transaction: it forgets what was compared, and lets applications in. */
const FORGETTING = ['DELETE FROM pontoon.verification', 'GRANT CONNECT'].flatMap((text) =>
  (['before', 'after'] as const).map((edge) => ({ text, edge })),
);

/** What a statement begins with, or calls, that changes something. */
const CHANGES = /^(?!SELECT|SET|RESET)|pg_drop_replication_slot/;

const ENDINGS = sampled(
  [false, true].flatMap((rolledBack) =>
    (['before', 'after'] as const).map((edge) => ({ rolledBack, edge })),
  ),
  ({ rolledBack, edge }) => !rolledBack && edge === 'after',
);

const LEFT = `SELECT (SELECT count(*)::int FROM pg_subscription) AS subscriptions, (SELECT count(*)::int FROM pg_publication) AS publications, (SELECT count(*)::int FROM pg_replication_slots) AS slots,
  (SELECT count(*)::int FROM pontoon.cutover) AS fences, (SELECT count(*)::int FROM pontoon.owners WHERE owner LIKE 'cutover %') AS walks, has_database_privilege('app', 'app', 'CONNECT') AS open`;

describe.each(PAIRS)('a runner that is killed at the end, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let writer: JournalWriter;
  beforeEach(async () => {
    lab = await CutoverLab.start([from, to]);
    writer = new JournalWriter(0, () => lab.application(), 1);
  });
  afterEach(async () => {
    await writer.stop();
    await lab.stop();
  });

  test.each(ENDINGS)(
    '$edge each change, goes on when it is run again (after a rollback: $rolledBack)',
    async ({ rolledBack, edge }) => {
      const plan = rolledBack ? back(lab.plan()) : lab.plan();
      if (rolledBack) await goOn(lab, lab.plan());
      await goOn(lab, plan);
      const deaths: string[] = [];
      // What is done already is not changed again, so that the next death comes later.
      for (let [at, ended] = [1, false]; !ended; await expectWhole(lab, [writer])) {
        let changes = 0;
        const counted = (services: LabServices, die: () => Promise<never>): LabServices =>
          watched(services, async (ask, text = '') => {
            if (CHANGES.test(text)) changes += 1;
            if (changes !== at) return await ask();
            if (text === deaths.at(-1)) at += 1;
            deaths.push(text);
            if (edge === 'after') await ask();
            return await die();
          });
        ended = await killedWhen(lab, plan, counted, finalize);
      }
      expect(deaths.length).toBeGreaterThan(20);
      // Whoever was not told that it ended asks again.
      const again = alone(lab, (services) => finalize({ plan, owner: 'other' }, services));
      expect(await again).toEqual({ already: true, past: [], dropped: [], left: [], rotate: [] });
      const nothing = { subscriptions: 0, publications: 0, slots: 0, fences: 0, walks: 0 };
      for (const side of [lab.blue, lab.green])
        expect(await asSuperuser(side, LEFT)).toEqual([{ ...nothing, open: true }]);
    },
  );
});

describe.each(PAIRS)('a runner that is killed, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to], { compares: true });

  test.each(MOMENTS)('$edge $step, goes on when it is run again', async (moment) => {
    const plan = onwards(shop.lab);
    await compare(shop.lab, plan);
    await killedAt(shop.lab, plan, moment);
    expect(await goOn(shop.lab, plan)).toEqual([]);
    expect(shop.lab.active).toBe(plan.to);
    await expectWhole(shop.lab, shop.writers);
  });

  test.each(MOMENTS)('$edge $step, is taken back when it is given up', async (moment) => {
    const plan = onwards(shop.lab);
    await compare(shop.lab, plan);
    await killedAt(shop.lab, plan, moment);
    const undone = await alone(shop.lab, (services) => abandon({ plan, owner: OWNER }, services));
    if (!undone) await goOn(shop.lab, plan);
    await expectWhole(shop.lab, shop.writers);
    // What was taken back leaves nothing behind that would keep the next cutover from working.
    if (undone) expect(await goOn(shop.lab, plan)).toEqual([]);
    await expectWhole(shop.lab, shop.writers);
  });

  test.each(sampled(FORGETTING, ({ edge }) => edge === 'after'))(
    '$edge $text while it opens, goes on when it is run again',
    async ({ text, edge }) => {
      const plan = onwards(shop.lab);
      await compare(shop.lab, plan);
      const ended = await killedWhen(shop.lab, plan, (services, die) => {
        let opens = false;
        const seen = watched(services, async (ask, asked = '') => {
          if (!opens || !asked.startsWith(text)) return await ask();
          if (edge === 'after') await ask();
          return await die();
        });
        const onEvent = async (event: CutoverEvent) => {
          if (isMoment(event, { step: 'open', edge: 'before' })) opens = true;
        };
        return { ...seen, onEvent };
      });
      expect(ended).toBe(false);
      expect(await goOn(shop.lab, plan)).toEqual([]);
      expect(shop.lab.active).toBe(plan.to);
      await expectWhole(shop.lab, shop.writers);
    },
  );

  if (ALL) {
    // A walk has hundreds: the pairs share them.
    test.each(['before', 'after'])('%s its share of the statements, goes on', async (edge) => {
      const first = PAIRS.findIndex((pair) => pair[0] === from && pair[1] === to) + 1;
      for (let at = first; ; at += PAIRS.length) {
        const plan = onwards(shop.lab);
        await compare(shop.lab, plan);
        const ended = await killedWhen(shop.lab, plan, (services, die) => {
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
        expect({ edge, at, codes: await goOn(shop.lab, plan) }).toEqual({ edge, at, codes: [] });
        await expectWhole(shop.lab, shop.writers);
      }
    });
  }

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
