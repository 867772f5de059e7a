import { CUTOVER_STEPS, PontoonError } from '../../lib/postgres';
import { ALL, PAIRS, sampled } from './matrix';
import { expectSame, expectWhole, failureOf, goOn, onwards, walkWith } from './walks';
import { Wire } from './wire';
import { writtenLab } from './written-lab';

const STEPS = sampled(
  CUTOVER_STEPS.map(({ id }) => id),
  (step) => step === 'catch-up' || step === 'reverse',
);

describe.each(PAIRS)('the network between two servers, from PostgreSQL %i to %i', (from, to) => {
  const wires: Wire[] = [];
  const shop = writtenLab([from, to], {
    portFor: async (_side, port) => {
      const wire = await Wire.to(port);
      wires.push(wire);
      return wire.port;
    },
  });
  afterAll(() => Promise.all(wires.map((wire) => wire.close())));

  test.each(STEPS)(
    'that is cut before %s and healed within the budget costs time only',
    async (step) => {
      const plan = onwards(shop.lab);
      await walkWith(shop.lab, plan, { step, edge: 'before' }, async () => {
        for (const wire of wires) wire.cut();
        setTimeout(() => {
          for (const wire of wires) wire.heal();
        }, 500);
      });
      expect(shop.lab.active).toBe(plan.to);
      await expectWhole(shop.lab, shop.writers);
    },
  );

  test.each(STEPS)('whose connections are reset before %s is gone on with', async (step) => {
    const plan = onwards(shop.lab);
    const walk = walkWith(shop.lab, plan, { step, edge: 'before' }, async () => {
      for (const wire of wires) wire.reset();
    });
    // A gate that looks before the reader is back says so.
    await walk.catch((error: unknown) => {
      if (!(error instanceof PontoonError) || error.code !== 'GATES_CLOSED') throw error;
    });
    await goOn(shop.lab, plan);
    expect(shop.lab.active).toBe(plan.to);
    await expectWhole(shop.lab, shop.writers);
  });

  test('that stays cut spends the budget, and the old writer works as before', async () => {
    const plan = onwards(shop.lab, { budgetMs: 6_000 });
    const said = await failureOf(
      walkWith(shop.lab, plan, { step: 'catch-up', edge: 'before' }, async () => {
        for (const wire of wires) wire.cut();
      }),
    );
    expect(said).toMatch(
      new RegExp(
        `^UNDONE: '${plan.to}' must have everything that was written on '${plan.from}' up to [0-9A-F/]+ within \\d\\.\\d+ s, got slot '${plan.forward[0]?.slotName}' confirmed up to [0-9A-F/]+(, and then no answer)?; look at the lag and at the log of the receiver; everything was taken back, and '${plan.from}' works as before$`,
      ),
    );
    expect(shop.lab.active).toBe(plan.from);
    await expectWhole(shop.lab, shop.writers);
    for (const wire of wires) wire.heal();
    await shop.lab.followed();
    expect(await goOn(shop.lab, onwards(shop.lab))).toEqual([]);
    await expectWhole(shop.lab, shop.writers);
  });

  if (ALL)
    test('that swallows what the way back asks is found before the fence', async () => {
      const plan = onwards(shop.lab);
      const wire = wires.find(({ port }) => port === shop.lab.side(plan.to).port);
      const said = await failureOf(
        walkWith(shop.lab, plan, { step: 'prepare', edge: 'before' }, async () => wire?.cut()),
      );
      wire?.heal();
      expect(said).toBe(
        `WAY_BACK_UNREACHABLE: '${plan.from}' must reach '${plan.to}' for the way back before it is fenced, got: cannot take up the published tables in subscription "${plan.reverse?.[0]?.subscription}": it must end within the 30 s of its request, got no end; look for what it waits for, such as a lock, a long transaction or a server that does not answer, and try again; open the way to '${plan.to}', and let the login replicate there`,
      );
      expect(shop.lab.active).toBe(plan.from);
      await expectWhole(shop.lab, shop.writers);
      expect(await goOn(shop.lab, plan)).toEqual([]);
      await expectWhole(shop.lab, shop.writers);
    });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
