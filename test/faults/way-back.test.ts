import type { CutoverPlan } from '../../lib/postgres';
import { cutover } from '../../lib/runner';
import { CutoverLab } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, goOn, OWNER, onwards } from './walks';

describe.each(PAIRS)('a way back that cannot be made, from PostgreSQL %i to %i', (from, to) => {
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

  /** How a walk along `plan` fails that nothing is done to. */
  const failure = async (plan: CutoverPlan): Promise<string> => {
    const services = await lab.services();
    const walk = cutover({ plan, owner: OWNER }, services);
    return await failureOf(walk.finally(() => services.close()));
  };

  test('closes a gate if nobody may replicate there', async () => {
    await asSuperuser(lab.green, 'ALTER ROLE reader NOREPLICATION');
    const said = await failure(onwards(lab));
    await asSuperuser(lab.green, 'ALTER ROLE reader REPLICATION');
    expect(said).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- the way back is provisioned: closed, got no role on 'green' that may log in, connect and replicate, in 'keep' (reader); deploy it, or declare that there is no rollback`,
    );
  });

  test('is told before the fence if the new writer cannot be reached, and is made once it can', async () => {
    const plan = onwards(lab);
    // Where nobody listens.
    const port = 1;
    const astray = (plan.reverse ?? []).map(({ publisher, ...path }) =>
      publisher === undefined ? path : { ...path, publisher: { ...publisher, port } },
    );
    expect(await failure({ ...plan, reverse: astray })).toMatch(
      new RegExp(
        `^WAY_BACK_UNREACHABLE: 'blue' must reach 'green' for the way back before it is fenced, got: cannot take up the published tables in subscription "backward": the server said "could not connect to the publisher: [^]*" \\[08006\\]; open the way to 127\\.0\\.0\\.1:${port}, and let the login replicate there$`,
      ),
    );
    await expectWhole(lab, writers);
    for (const writer of ['green', 'blue', 'green']) {
      expect(await goOn(lab, onwards(lab))).toEqual([]);
      expect(lab.active).toBe(writer);
      await expectWhole(lab, writers);
    }
  });

  test('loses and doubles nothing', async () => {
    await expectSame(lab, writers);
  });
});
