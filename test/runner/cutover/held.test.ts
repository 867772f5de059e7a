import { LinkKind, readSpec } from '../../../lib/postgres';
import { abandon, apply, drop, finalize } from '../../../lib/runner';
import {
  alone,
  asSuperuser,
  back,
  failureOf,
  goOn,
  killedAt,
  nobodyWalks,
  OWNER,
  walkWith,
} from '../../faults/walks';
import { pglogicalObstacle, preparePglogical } from '../../pglogical-servers';
import { eventually } from '../../rehearsal/servers/eventually';
import { CutoverLab, type Side } from './lab';
import { READER } from './lab-secret';

// What of a deployment a cutover lives on, from its preparation until it is taken back or finalized.

type Row = Readonly<Record<string, unknown>>;

const LEDGER = `SELECT kind, name, owner, before - 'keptFor' AS before, coalesce(before ->> 'keptFor', '{}') AS "keptFor" FROM pontoon.objects WHERE owner = 'stack' OR before ? 'heldFrom' ORDER BY kind, name`;
const MARKED = `SELECT kind, name FROM pontoon.objects WHERE before ?| ARRAY['heldFrom', 'keptFor', 'shut']`;

const reason = pglogicalObstacle();
if (reason !== undefined) process.stderr.write(`servers with pglogical: not run, it ${reason}\n`);

describe.each([
  {
    kind: LinkKind.NATIVE,
    majors: [17, 17],
    obstacle: undefined,
    objects: {
      blue: [`canary 'canary'`, `logical-slot 'forward'`, `publication 'forward'`, `role 'reader'`],
      green: [
        `canary 'canary'`,
        `connection-guard 'connection-guard'`,
        `publication 'backward'`,
        `role 'reader'`,
        `subscription 'forward'`,
      ],
    },
  },
  {
    kind: LinkKind.PGLOGICAL,
    majors: [15, 17],
    obstacle: reason,
    objects: {
      blue: [
        `canary 'canary'`,
        `pglogical-node 'pglogical-node'`,
        `pglogical-replication-set 'forward'`,
        `role 'reader'`,
      ],
      green: [
        `canary 'canary'`,
        `connection-guard 'connection-guard'`,
        `pglogical-node 'pglogical-node'`,
        `pglogical-replication-set 'backward'`,
        `pglogical-subscription 'forward'`,
        `role 'reader'`,
      ],
    },
  },
] as const)('what a cutover by $kind lives on', ({ kind, majors, obstacle, objects }) => {
  if (obstacle !== undefined) return test.skip(obstacle, () => undefined);
  let lab: CutoverLab;
  let written = 0;
  let deployed: readonly (readonly Row[])[];
  beforeAll(async () => {
    if (kind === LinkKind.PGLOGICAL) preparePglogical();
    lab = await CutoverLab.start(majors, { kind });
    deployed = await ledgers();
  });
  afterAll(() => lab.stop());

  const request = () => ({ plan: lab.plan(), owner: OWNER });
  const ledgers = async (): Promise<readonly (readonly Row[])[]> => [
    await asSuperuser(lab.blue, LEDGER),
    await asSuperuser(lab.green, LEDGER),
  ];

  /** Deletes everything that the stack has on `side`; says what became of each. */
  const deleted = async (side: Side): Promise<readonly string[]> => {
    const rows = await asSuperuser(
      side,
      `SELECT spec FROM pontoon.objects WHERE owner = 'stack' OR before ->> 'heldFrom' = 'stack' ORDER BY kind ~ 'subscription$' DESC, kind ~ 'node$' OR kind = 'role', kind, name`,
    );
    return await alone(lab, async ({ secrets }) => {
      const ends: string[] = [];
      for (const { spec } of rows) {
        const request = { server: side.name, spec: readSpec(spec), owner: 'stack' };
        ends.push(await failureOf(drop({ client: side.admin }, secrets, request)));
      }
      return ends.sort();
    });
  };

  /** What is written where clients are sent arrives on the other side. */
  const carries = async (): Promise<void> => {
    written += 1;
    const other = lab.active === 'blue' ? lab.green : lab.blue;
    const row = `shop.counters WHERE client = ${written}`;
    await lab.current.admin.query('INSERT INTO shop.counters VALUES ($1, 0)', [written]);
    await eventually(async () => (await asSuperuser(other, `SELECT FROM ${row}`)).length === 1);
  };

  /** No part of what is deployed on either side can be deleted. */
  const stays = async (): Promise<void> => {
    for (const side of [lab.green, lab.blue])
      expect(await deleted(side)).toEqual(
        objects[side.name === 'blue' ? 'blue' : 'green'].map(
          (what) =>
            `OWNED: ${what} on '${side.name}' cannot be dropped while a cutover holds it, got the one of 'shop'; finalize that first, after a rollback if the old writer is to stay, or have 'pontoon cutover --lift-expired' take back one that was cut off before its fence`,
        ),
      );
  };

  test('is held once by two preparations, and given back when they are taken back', async () => {
    await killedAt(lab, lab.plan(), { step: 'prepare', edge: 'after' });
    await nobodyWalks(lab);
    const once = await ledgers();
    expect(once).not.toEqual(deployed);
    await killedAt(lab, lab.plan(), { step: 'prepare', edge: 'after' });
    await nobodyWalks(lab);
    expect(await ledgers()).toEqual(once);
    await alone(lab, (services) => abandon(request(), services));
    expect(await ledgers()).toEqual(deployed);
  });

  test('is there, and carries, after the stack was to be deleted behind an opening', async () => {
    await goOn(lab, lab.plan());
    await stays();
    await carries();
  });

  test('stays behind a rollback that is undone, one that is not, and a second cutover', async () => {
    const enough = async (): Promise<never> => {
      throw new Error('enough');
    };
    const plan = back(lab.plan());
    await lab.followed();
    expect(await failureOf(walkWith(lab, plan, { step: 'switch', edge: 'before' }, enough))).toBe(
      "UNDONE: enough; everything was taken back, and 'green' works as before",
    );
    await stays();
    await goOn(lab, plan);
    await stays();
    await carries();
    await goOn(lab, lab.plan());
    await stays();
    await carries();
  });

  test('follows its secret all the while', async () => {
    const rotated = await alone(lab, async ({ secrets }) => {
      await lab.rotate([]);
      const spec = readSpec({
        kind: 'role',
        name: 'reader',
        secret: READER,
        replication: true,
        readSchemas: ['shop'],
        database: ['CONNECT'],
      });
      const requests = [lab.blue, lab.green].map(({ name, admin }) =>
        apply({ client: admin }, secrets, { server: name, spec, owner: 'stack' }),
      );
      return await Promise.all(requests);
    });
    expect(rotated.map(({ steps }) => steps)).toEqual([
      ['set the password of role "reader"'],
      ['set the password of role "reader"'],
    ]);
  });

  test('goes with the migration, of which the stack can be deleted then', async () => {
    await alone(lab, (services) => finalize(request(), services));
    for (const side of [lab.blue, lab.green]) {
      expect(await asSuperuser(side, MARKED)).toEqual([]);
      expect(new Set(await deleted(side))).toEqual(new Set(['nothing failed']));
      expect(await asSuperuser(side, 'SELECT kind, name FROM pontoon.objects')).toEqual([]);
    }
  });
});
