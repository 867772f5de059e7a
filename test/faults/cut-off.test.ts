import { type CutoverEvent, cutover } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { ALL, PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, goOn, onwards } from './walks';

describe.each(PAIRS)('a new writer that stays away, from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  let writers: JournalWriter[];
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
    writers = [0, 1].map((client) => new JournalWriter(client, () => lab.application(), 1));
    await untilWritten(writers);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await lab.stop();
  });

  test('does not keep applications from the old one, which is said before the walk ends', async () => {
    const plan = onwards(lab);
    await lab.followed();
    await asSuperuser(lab.green, 'CHECKPOINT');
    const services = await lab.services();
    let ended = false;
    const told: string[] = [];
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'step' && event.step.id === 'reverse') await lab.green.server.kill();
      if (event.kind !== 'note' || !event.text.endsWith('is open again') || told.length > 0) return;
      told.push(`${event.text}, and the walk ${ended ? 'has ended' : 'goes on'}`);
      await untilWritten(writers);
    };
    const walk = cutover({ plan, owner: 'test' }, { ...services, onEvent }).finally(() => {
      ended = true;
    });
    expect(await failureOf(walk)).toMatch(
      /^CUT_OFF: .*; what could not be taken back: .*; 'blue' is open again; run it again as soon as the servers answer, so that the rest is taken back$/,
    );
    expect(told).toEqual([`'blue' is open again, and the walk goes on`]);
    await lab.green.server.start();
    await services.close().catch(() => undefined);
    expect(await goOn(lab, plan)).toEqual([]);
    expect(lab.active).toBe('green');
    await expectWhole(lab, writers);
  });

  if (ALL) {
    test('nor does an endpoint that cannot be made to end, for which nobody waits for ever', async () => {
      const plan = onwards(lab, { budgetMs: 2_000 });
      await lab.followed();
      const services = await lab.services();
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
      await expectWhole(lab, writers);
      expect(await goOn(lab, plan)).toEqual([]);
      await expectWhole(lab, writers);
    });
  }

  test('loses and doubles nothing', async () => {
    await expectSame(lab, writers);
  });
});
