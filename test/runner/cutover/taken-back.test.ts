import { LinkKind, type ObjectSpec, readSpec } from '../../../lib/postgres';
import { abandon, cutover, drop } from '../../../lib/runner';
import {
  alone,
  asSuperuser,
  back,
  failureOf,
  goOn,
  killedAt,
  killedWhen,
  nobodyWalks,
  OWNER,
  walkWith,
  watched,
} from '../../faults/walks';
import { pglogicalObstacle, preparePglogical } from '../../pglogical-servers';
import { CutoverLab, type Side } from './lab';

// What is left on the old writer of a walk that was taken back for good: nothing that no deployment would take away.

type Row = Readonly<Record<string, unknown>>;

const OWNED_BY_CUTOVER = `SELECT kind, name FROM pontoon.objects WHERE owner = 'cutover shop' AND before ->> 'heldFrom' IS NULL`;
const OPEN = `SELECT has_database_privilege('app', 'app', 'CONNECT') AS open`;
const UNDONE = "UNDONE: no such record; everything was taken back, and 'blue' works as before";

const reason = pglogicalObstacle();
if (reason !== undefined) process.stderr.write(`servers with pglogical: not run, it ${reason}\n`);

describe.each([
  {
    kind: LinkKind.NATIVE,
    majors: [17, 17],
    obstacle: undefined,
    made: 'SELECT subname AS name FROM pg_subscription',
    drops: 'DROP SUBSCRIPTION "backward"',
  },
  {
    kind: LinkKind.PGLOGICAL,
    majors: [15, 17],
    obstacle: reason,
    made: 'SELECT sub_name AS name FROM pglogical.subscription',
    drops: `SELECT pglogical.drop_subscription('backward')`,
  },
] as const)('what a cutover by $kind made', ({ kind, majors, obstacle, made, drops }) => {
  if (obstacle !== undefined) return test.skip(obstacle, () => undefined);
  let lab: CutoverLab;
  beforeAll(async () => {
    if (kind === LinkKind.PGLOGICAL) preparePglogical();
    lab = await CutoverLab.start(majors, { kind });
  });
  afterAll(() => lab.stop());

  const request = () => ({ plan: lab.plan(), owner: OWNER });
  /** The subscriptions on the old writer, and what the ledger there says that the cutover made. */
  const left = async (side: Side = lab.blue): Promise<readonly (readonly Row[])[]> => [
    await asSuperuser(side, made),
    await asSuperuser(side, OWNED_BY_CUTOVER),
  ];
  const misled = {
    active: async () => lab.active,
    activate: async (server: string): Promise<void> => {
      if (server === 'green') throw new Error('no such record');
    },
  };
  const undone = async (watch: Parameters<typeof watched>[1] = (work) => work()) =>
    await alone(lab, async (services) =>
      failureOf(cutover(request(), { ...watched(services, watch), endpoint: misled })),
    );

  test('goes with a walk that is undone, once the old writer is open again', async () => {
    const opened: unknown[] = [];
    const said = await undone(async (work, text = '') => {
      if (text === drops) opened.push(...(await asSuperuser(lab.blue, OPEN)));
      return await work();
    });
    expect(said).toBe(UNDONE);
    expect(await left()).toEqual([[], []]);
    expect(opened).toEqual([{ open: true }]);
  });

  test('goes with the next call where an undo was cut off before it', async () => {
    await lab.followed();
    const killed = killedWhen(lab, lab.plan(), (services, die) => ({
      ...watched(services, async (work, text = '') => (text === drops ? await die() : work())),
      endpoint: misled,
    }));
    expect(await killed).toBe(false);
    await nobodyWalks(lab);
    expect(await asSuperuser(lab.blue, made)).toEqual([{ name: 'backward' }]);
    expect(await alone(lab, (services) => abandon(request(), services))).toBe(true);
    expect(await left()).toEqual([[], []]);
  });

  test('goes with a preparation that is given up', async () => {
    await killedAt(lab, lab.plan(), { step: 'prepare', edge: 'after' });
    await nobodyWalks(lab);
    expect(await asSuperuser(lab.blue, made)).toEqual([{ name: 'backward' }]);
    expect(await alone(lab, (services) => abandon(request(), services))).toBe(false);
    expect(await left()).toEqual([[], []]);
  });

  test('is made anew by the next walk, and a rollback that is undone drops nothing of the deployment', async () => {
    expect(await goOn(lab, lab.plan())).toEqual([]);
    await lab.followed();
    const enough = async (): Promise<never> => {
      throw new Error('enough');
    };
    const plan = back(lab.plan());
    expect(await failureOf(walkWith(lab, plan, { step: 'switch', edge: 'before' }, enough))).toBe(
      "UNDONE: enough; everything was taken back, and 'green' works as before",
    );
    expect(await left()).toEqual([
      [{ name: 'backward' }],
      [{ kind: expect.stringMatching(/subscription$/), name: 'backward' }],
    ]);
    expect(await left(lab.green)).toEqual([[{ name: 'forward' }], []]);
    await lab.followed();
    expect(await goOn(lab, plan)).toEqual([]);
    await lab.followed();
    expect(await undone()).toBe(UNDONE);
    expect(await left()).toEqual([[], []]);
    expect(await goOn(lab, lab.plan())).toEqual([]);
  });
});

describe('a stack that is deleted after a cutover was undone', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([17, 17]);
  });
  afterAll(() => lab.stop());

  const undo = async (): Promise<string> =>
    await failureOf(
      walkWith(lab, lab.plan(), { step: 'switch', edge: 'after' }, async () => {
        throw new Error('no such record');
      }),
    );

  test('keeps the way back that it made itself until then', async () => {
    const spec = {
      kind: 'subscription',
      name: 'backward',
      publisher: lab.publisher(lab.green),
      publications: ['backward'],
      slotName: 'backward',
      copyData: false,
      enabled: false,
    };
    await lab.apply(lab.blue, spec);
    expect(await undo()).toBe(UNDONE);
    const kept = `SELECT s.subname AS name, s.subenabled AS enabled, o.owner FROM pg_subscription s JOIN pontoon.objects o ON o.name = s.subname`;
    expect(await asSuperuser(lab.blue, kept)).toEqual([
      { name: 'backward', enabled: false, owner: 'stack' },
    ]);
    await lab.drop(lab.blue, spec);
  });

  test('leaves nothing', async () => {
    await lab.followed();
    expect(await undo()).toBe(UNDONE);
    const services = await lab.services();
    const remove = async (side: Side, spec: ObjectSpec): Promise<void> => {
      await drop({ client: side.admin }, services.secrets, {
        server: side.name,
        spec,
        owner: 'stack',
      });
    };
    for (const side of [lab.green, lab.blue]) {
      const { rows } = await side.admin.query(
        `SELECT spec FROM pontoon.objects ORDER BY kind = 'subscription' DESC, kind = 'role'`,
      );
      for (const { spec } of [...rows, { spec: { kind: 'ledger' } }])
        await remove(side, readSpec(spec));
    }
    await services.close();
    const nothing = `SELECT to_regnamespace('pontoon') AS schema, (SELECT count(*)::int FROM pg_subscription) AS subscriptions, (SELECT count(*)::int FROM pg_publication) AS publications, (SELECT count(*)::int FROM pg_replication_slots) AS slots, to_regrole('reader') AS role`;
    for (const side of [lab.blue, lab.green])
      expect(await asSuperuser(side, nothing)).toEqual([
        { schema: null, subscriptions: 0, publications: 0, slots: 0, role: null },
      ]);
  });
});
