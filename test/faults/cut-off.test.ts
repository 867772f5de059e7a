import { type CutoverEvent, cutover } from '../../lib/runner';
import { untilWritten } from '../runner/cutover/writer';
import { ALL, PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, goOn, onwards } from './walks';
import { writtenLab } from './written-lab';

describe.each(PAIRS)('a new writer that stays away, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);

  test('does not keep applications from the old one, which is said before the walk ends', async () => {
    const plan = onwards(shop.lab);
    await shop.lab.followed();
    await asSuperuser(shop.lab.green, 'CHECKPOINT');
    const services = await shop.lab.services();
    let ended = false;
    const told: string[] = [];
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'step' && event.step.id === 'reverse') await shop.lab.green.server.kill();
      if (event.kind !== 'note' || !event.text.endsWith('is open again') || told.length > 0) return;
      told.push(`${event.text}, and the walk ${ended ? 'has ended' : 'goes on'}`);
      await untilWritten(shop.writers);
    };
    const walk = cutover({ plan, owner: 'test' }, { ...services, onEvent }).finally(() => {
      ended = true;
    });
    expect(await failureOf(walk)).toMatch(
      /^CUT_OFF: .*; what could not be taken back: .*; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back$/,
    );
    expect(told).toEqual([`'blue' is open again, and the walk goes on`]);
    await shop.lab.green.server.start();
    await services.close().catch(() => undefined);
    expect(await goOn(shop.lab, plan)).toEqual([]);
    expect(shop.lab.active).toBe('green');
    await expectWhole(shop.lab, shop.writers);
  });

  if (ALL) {
    test('nor does an endpoint that cannot be made to end, for which nobody waits for ever', async () => {
      const plan = onwards(shop.lab, { budgetMs: 2_000 });
      await shop.lab.followed();
      const services = await shop.lab.services();
      const endless = new Promise<void>(() => undefined);
      const endpoint = { active: services.endpoint.active, activate: () => endless };
      const begun = performance.now();
      const walk = cutover({ plan, owner: 'test' }, { ...services, endpoint });
      expect(await failureOf(walk.finally(() => services.close()))).toMatch(
        new RegExp(
          `^CUT_OFF: cannot send clients to the new writer: .*; what could not be taken back: the endpoint: .*; '${plan.from}' is open again; run it again as soon as the servers answer, so that the rest is taken back$`,
        ),
      );
      expect(performance.now() - begun).toBeLessThan(100_000);
      await expectWhole(shop.lab, shop.writers);
      expect(await goOn(shop.lab, plan)).toEqual([]);
      await expectWhole(shop.lab, shop.writers);
    });
  }

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
