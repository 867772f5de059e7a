import { CUTOVER_STEPS, type CutoverStepId } from '../../lib/postgres';
import { PAIRS, sampled } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, goOn, onwards, walkWith } from './walks';
import { writtenLab } from './written-lab';

const WHICH = ['old', 'new', 'both'] as const;

const CASES = sampled(
  CUTOVER_STEPS.flatMap(({ id }) => WHICH.map((which) => ({ step: id, which }))),
  ({ step, which }) =>
    (which === 'both' && step === 'catch-up') || (which === 'new' && step === 'open'),
);

/** How a walk ends that loses a session before a step. */
function endOf(step: CutoverStepId): RegExp {
  // Nothing was begun.
  if (step === 'gates' || step === 'prepare') return /^(?:SQL|GATES_UNCHECKED): /;
  if (step === 'settle')
    return /^UNSETTLED: '\w+' is open, and nobody could write for \d+ ms; what follows the opening did not end: .*; mend that and run it again, which goes on there and moves no writer$/;
  return /^UNDONE: .*; everything was taken back, and '\w+' works as before$/;
}

describe.each(PAIRS)('a runner whose sessions are ended, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);

  test.each(CASES)('on the $which writer before $step', async ({ step, which }) => {
    const plan = onwards(shop.lab);
    const servers = { old: [plan.from], new: [plan.to], both: [plan.from, plan.to] }[which];
    const said = await failureOf(
      walkWith(shop.lab, plan, { step, edge: 'before' }, async ({ sessions }) => {
        for (const server of servers) {
          // pg knows it; its types do not.
          const pid = Number(Reflect.get(sessions.get(server) ?? {}, 'processID'));
          await asSuperuser(shop.lab.side(server), `SELECT pg_terminate_backend(${pid}, 10000)`);
        }
      }),
    );
    expect(said).toMatch(endOf(step));
    // Applications need nobody to run it again.
    expect(shop.lab.active).toBe(step === 'settle' ? plan.to : plan.from);
    await expectWhole(shop.lab, shop.writers);
    expect(await goOn(shop.lab, plan)).toEqual([]);
    expect(shop.lab.active).toBe(plan.to);
    await expectWhole(shop.lab, shop.writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
