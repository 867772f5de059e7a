import { Client } from 'pg';
import { type CutoverPlan, PontoonError, rollbackOf } from '../../../lib/postgres';
import {
  type CutoverEvent,
  type CutoverServices,
  cutover,
  type SwitchedEndpoint,
  settleCutover,
} from '../../../lib/runner';
import { alone, asSuperuser, failureOf, killedWhen, OWNER, watched } from '../../faults/walks';
import { CutoverLab } from './lab';

// What a walk says, and does, outside of what an undo takes back: before the fence, and from the decision on.

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
});
afterAll(() => lab.stop());

const DECIDES = /SET decided_at = coalesce/;
const NOTES_THE_OPENING = /SET opened_at = coalesce/;
const FOR_GOOD =
  "if it is gone for good, see UNDECIDED in 'pontoon runbook' before anything is lifted by hand";

/** Walks as an operator does, and says how it ended. */
async function walk(plan: CutoverPlan, more: Partial<CutoverServices> = {}): Promise<string> {
  await lab.followed();
  return await alone(lab, async (services) => {
    const ended = cutover({ plan, owner: OWNER }, { ...services, ...more });
    return await ended.then(
      ({ result }) => result,
      (error: unknown) => {
        if (error instanceof PontoonError && error.code === 'HELD') throw error;
        return failureOf(Promise.reject(error));
      },
    );
  });
}

function back(): CutoverPlan {
  const plan = rollbackOf(lab.plan());
  if (plan === undefined) throw new Error('there is a way back');
  return plan;
}

/** Which of the two servers let an application in. */
async function letIn(): Promise<string[]> {
  const open: string[] = [];
  for (const { name, server } of [lab.blue, lab.green]) {
    const application = new Client(
      server.connectionConfig('app', { user: 'app', password: lab.appPassword }),
    );
    await application.connect().then(
      () => open.push(name),
      (error: Error) => expect(error.message).toContain('permission denied for database'),
    );
    await application.end().catch(() => undefined);
  }
  return open;
}

function failing(endpoint: Partial<SwitchedEndpoint>): { readonly endpoint: SwitchedEndpoint } {
  const active = async (): Promise<string> => lab.active;
  const activate = async (server: string): Promise<void> => {
    lab.active = server;
  };
  return { endpoint: { active, activate, ...endpoint } };
}

const outOfService = async (): Promise<never> => {
  throw new PontoonError('ENDPOINT_UNAVAILABLE', 'Route 53 must answer, got nothing; wait');
};

test('what follows an opening is refused before there was one', async () => {
  const services = await lab.services();
  const settled = settleCutover({ plan: lab.plan(), owner: OWNER }, services);
  expect(await failureOf(settled.finally(() => services.close()))).toBe(
    "NOT_OPEN: the migration 'shop' must have opened 'green' before what follows, got no fence on 'blue'; look at its status",
  );
  expect(lab.active).toBe('blue');
});

test('what cannot be taken back before the fence does not say that there was one', async () => {
  const { reopen: _never, ...services } = await lab.services();
  const onEvent = (event: CutoverEvent): void => {
    if (event.kind === 'step' && event.step.id === 'prepare') services.kill();
  };
  const said = await failureOf(
    cutover({ plan: lab.plan(), owner: OWNER }, { ...services, onEvent }),
  );
  expect(said).toMatch(
    /^CUT_OFF: .*; what could not be taken back: the way back: .*; the slot that watches the fence: .*; 'blue' is open as before; run it again as soon as the servers answer, so that the rest is taken back$/,
  );
  expect(await letIn()).toEqual(['blue']);
});

test('a session that broke under the opening says nothing of it, whatever Node.js calls that', async () => {
  const services = await lab.services();
  const broken = watched(services, async (work, text = '') => {
    if (!text.includes("'letIn'")) return await work();
    throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  });
  const walked = cutover({ plan: lab.plan(), owner: OWNER }, broken);
  expect(await failureOf(walked.finally(() => services.close()))).toBe(
    `UNDECIDED: 'green' must say whether it is open, got no answer; it may be, so that 'blue' stays fenced: run the cutover again as soon as 'green' answers; ${FOR_GOOD}`,
  );
  expect(await letIn()).toEqual([]);
  expect(await walk(lab.plan())).toBe('opened');
  expect(await letIn()).toEqual(['green']);
});

test('what fails behind the opening says that it was, and is gone on with', async () => {
  const told: string[] = [];
  const onEvent = (event: CutoverEvent): void => {
    if (event.kind === 'opened') told.push(event.outcome.result);
    if (event.kind === 'step' && event.step.id === 'settle') told.push('settle');
  };
  const endpoint = failing({ untilEverywhere: outOfService });
  const said = await walk(back(), { ...endpoint, onEvent });
  expect(said.replace(/\d+ ms/, 'N ms')).toBe(
    "UNSETTLED: 'blue' is open, and nobody could write for N ms; what follows the opening did not end: Route 53 must answer, got nothing; wait; mend that and run it again, which goes on there and moves no writer",
  );
  expect(told).toEqual(['opened', 'settle']);
  expect(await letIn()).toEqual(['blue']);
  expect(await walk(back(), endpoint)).toBe(
    "UNSETTLED: 'blue' is open; what follows the opening did not end: Route 53 must answer, got nothing; wait; mend that and run it again, which goes on there and moves no writer",
  );
  expect(await walk(back())).toBe('already-open');
});

test('an endpoint that fails keeps nobody locked out once the decision has fallen', async () => {
  const plan = lab.plan();
  await killedWhen(lab, plan, (services, die) =>
    watched(services, async (work, text = '') => {
      const done = await work();
      return DECIDES.test(text) ? await die() : done;
    }),
  );
  expect(await letIn()).toEqual([]);
  lab.active = 'blue';
  const endpoint = failing({ active: outOfService, activate: outOfService });
  expect(await walk(plan, endpoint)).toBe(
    "UNSETTLED: 'green' is open; what follows the opening did not end: Route 53 must answer, got nothing; wait; mend that and run it again, which goes on there and moves no writer",
  );
  expect(await letIn()).toEqual(['green']);
  expect(await walk(plan)).toBe('already-open');
  expect(lab.active).toBe('green');
});

test('who may have let applications in before a kill does not lift the fence when refused later', async () => {
  const plan = back();
  await killedWhen(lab, plan, (services, die) =>
    watched(services, async (work, text = '') =>
      NOTES_THE_OPENING.test(text) ? await die() : await work(),
    ),
  );
  expect(await letIn()).toEqual(['blue']);
  await asSuperuser(
    lab.blue,
    `CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'not now'; END$$;
     CREATE TRIGGER refuse BEFORE UPDATE ON pontoon.objects EXECUTE FUNCTION public.refuse()`,
  );
  expect(await walk(plan)).toMatch(
    /^UNDECIDED: 'blue' must say whether it is open, got cannot run UPDATE pontoon.objects .*: the server said "not now" \[P0001\]; it may be, so that 'green' stays fenced: run the cutover again as soon as 'blue' answers; if it is gone for good, see UNDECIDED in 'pontoon runbook' before anything is lifted by hand$/,
  );
  expect(await letIn()).toEqual(['blue']);
  await asSuperuser(lab.blue, 'DROP FUNCTION public.refuse() CASCADE');
  expect(await walk(plan)).toBe('opened');
  expect(await letIn()).toEqual(['blue']);
});

test('clients are sent back before a slot that cannot be dropped, and the other one is dropped nevertheless', async () => {
  expect(await walk(lab.plan())).toBe('opened');
  const slot = 'pontoon_fence_shop';
  await asSuperuser(
    lab.green,
    `SELECT pg_create_logical_replication_slot('${slot}', 'test_decoding')`,
  );
  lab.active = 'blue';
  const [services, refused] = [await lab.services(), new Set<string>()];
  const refusing = watched(services, async (work, text = '') => {
    if (!text.includes('pg_drop_replication_slot') || refused.has(text)) return await work();
    refused.add(text);
    throw new Error('not now');
  });
  const settled = settleCutover({ plan: lab.plan(), owner: OWNER }, refusing);
  expect(await failureOf(settled.finally(() => services.close()))).toBe(
    `UNSETTLED: 'green' is open; what follows the opening did not end: cannot run SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replica…: the server said "not now"; mend that and run it again, which goes on there and moves no writer`,
  );
  expect(refused.size).toBe(1);
  expect(lab.active).toBe('green');
  expect(
    await asSuperuser(lab.green, `SELECT FROM pg_replication_slots WHERE slot_name = '${slot}'`),
  ).toEqual([]);
});
