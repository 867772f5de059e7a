import type { ClientConfig } from 'pg';
import type { CutoverPlan } from '../../lib/postgres';
import { cutover, type Finalized, finalize } from '../../lib/runner';
import { abandonExpired } from '../../lib/runner/cutover/abandon';
import { whetherAppWrites } from '../cli/app-writes';
import { CutoverLab, type Side } from '../runner/cutover/lab';
import { type LabServices, openServices, type WalkedLab } from '../runner/cutover/lab-services';
import { HybridLab } from './hybrid-lab';
import { ALL, PAIRS } from './matrix';
import { asSuperuser, back, failureOf, goOn, killedAt, nobodyWalks, OWNER } from './walks';

// How a migration ends of which a server is lost for ever.

/** A standby is decoded from 16 on. */
const CHAINS = ALL ? [16, 17, 18] : [17];

const LEFT = `SELECT concat_ws(', ',
  (SELECT string_agg('slot ' || slot_name, ', ') FROM pg_replication_slots WHERE slot_type = 'logical'),
  (SELECT string_agg('subscription ' || subname, ', ') FROM pg_subscription),
  (SELECT string_agg('publication ' || pubname, ', ') FROM pg_publication),
  (SELECT string_agg('role ' || rolname, ', ') FROM pg_roles WHERE rolname = 'reader'),
  (SELECT string_agg(kind || ' ' || name, ', ') FROM pontoon.objects WHERE before ->> 'retired' IS NULL),
  (SELECT string_agg('fence ' || migration, ', ') FROM pontoon.cutover)) AS left`;

async function asked<Result>(
  lab: WalkedLab,
  work: (services: LabServices) => Promise<Result>,
): Promise<Result> {
  const services = await lab.services();
  return await work(services).finally(() => services.close());
}

/** Does `work` with a session on every server but `server`, which is killed first. */
async function withoutServer<Result>(
  lab: WalkedLab,
  { name, kill }: { readonly name: string; readonly kill: () => Promise<void> },
  work: (services: LabServices) => Promise<Result>,
): Promise<Result> {
  return await asked(lab, async (services) => {
    await kill();
    const sessions = new Map([...services.sessions].filter(([server]) => server !== name));
    return await work({ ...services, sessions }).finally(() =>
      services.sessions
        .get(name)
        ?.end()
        .catch(() => undefined),
    );
  });
}

describe.each(CHAINS)('a chain on PostgreSQL %i', (major) => {
  let lab: HybridLab;
  beforeEach(async () => {
    lab = await HybridLab.start(major);
    await lab.followed();
    await asked(lab, (services) => cutover(request(), services));
    expect(lab.active).toBe('aurora');
  });
  afterEach(() => lab.stop());

  const request = () => ({ plan: lab.plan(), owner: OWNER });

  test('a standby in between that is lost keeps nothing on either writer', async () => {
    const { a, c, standby } = lab.chain;
    await withoutServer(lab, { name: 'standby', kill: () => standby.kill() }, async (services) => {
      expect(await failureOf(finalize(request(), services))).toBe(
        "NO_SESSION: the cutover must have a session on 'standby', got none; start the server, or add its connection",
      );
      // Nothing was stopped before that was found out.
      expect(await a.value('SELECT subenabled FROM pg_subscription')).toBe(true);
      expect(await finalize({ ...request(), gone: ['standby'] }, services)).toEqual({
        already: false,
        past: [],
        dropped: [
          `subscription 'forward' on 'aurora'`,
          `publication 'forward' on 'onPremises'`,
          `subscription 'backward' on 'onPremises'`,
          `slot 'backward' on 'aurora'`,
          `publication 'backward' on 'aurora'`,
          `canary 'canary' on 'onPremises'`,
          `role 'reader' on 'onPremises'`,
          `connection-guard 'connection-guard' on 'aurora'`,
          `canary 'canary' on 'aurora'`,
          `role 'reader' on 'aurora'`,
          `fence on 'onPremises'`,
        ],
        left: [`slot 'c' on 'standby'`],
        rotate: [],
      });
    });
    expect([await a.value(LEFT), await c.value(LEFT)]).toEqual(['', '']);
  });

  test('an old writer that is lost keeps nothing on its standby and on the new writer', async () => {
    const { b, c, source } = lab.chain;
    await withoutServer(
      lab,
      { name: 'onPremises', kill: () => source.kill() },
      async (services) => {
        const { left } = await finalize({ ...request(), gone: ['onPremises'] }, services);
        expect(left).toEqual([
          `publication 'forward' on 'onPremises'`,
          `subscription 'backward' on 'onPremises'`,
          `slot 'pontoon_fence_chain' on 'onPremises'`,
          `role 'reader' on 'onPremises'`,
        ]);
      },
    );
    expect(await c.value(LEFT)).toBe('');
    expect(await b.value('SELECT count(*)::int FROM pg_replication_slots')).toBe(0);
  });

  test('a rollback goes on without the standby in between, as a cutover that has no way back', async () => {
    const { a, c, standby } = lab.chain;
    const { reverse: _, ...back } = lab.back();
    await withoutServer(lab, { name: 'standby', kill: () => standby.kill() }, async (services) => {
      expect(await cutover({ plan: back, owner: OWNER }, services)).toMatchObject({
        result: 'opened',
      });
      expect(lab.active).toBe('onPremises');
      const end = { plan: lab.back(), owner: OWNER, gone: ['standby'] };
      expect(await finalize(end, services)).toMatchObject({ left: [`slot 'c' on 'standby'`] });
    });
    expect([await a.value(LEFT), await c.value(LEFT)]).toEqual(['', '']);
  });

  test('a rollback that was cut off behind its fence is taken back without the standby in between', async () => {
    const { a, c, standby, secrets } = lab.chain;
    await killedAt(lab, lab.back(), { step: 'stop-forward', edge: 'after' });
    await c.value('UPDATE pontoon.cutover SET deadline = fenced_at');
    await standby.kill();
    const remaining = async <Result>(work: (services: LabServices) => Promise<Result>) => {
      const session = (server: string, more: ClientConfig) => lab.chain.session(server, more);
      const services = await openServices({ lab, servers: [a.name, c.name], session, secrets });
      return await work(services).finally(() => services.close());
    };
    const lift = (plan: CutoverPlan) =>
      remaining((services) => abandonExpired({ plan, owner: OWNER }, services));
    const end = () =>
      remaining((services) => finalize({ ...request(), gone: ['standby'] }, services));
    expect(await failureOf(lift(lab.back()))).toBe(
      "CUT_OFF: what could not be taken back: the way forward: the cutover must have a session on 'standby', got none; start the server, or add its connection; 'aurora' is open again; run it again as soon as the servers answer, so that the rest is taken back",
    );
    // What carried before does so again: its slot would keep WAL.
    expect(await a.value('SELECT subenabled FROM pg_subscription')).toBe(true);
    expect(await failureOf(end())).toBe(
      "HELD: the writers of 'chain' must be moved in one direction at a time, got a walk from 'aurora' to 'onPremises' by 'test' that has not ended; run that one again, which is 'pontoon rollback' if this is 'pontoon cutover', and the other way round, or have it taken back by 'pontoon cutover --lift-expired'",
    );
    const { reverse: _, ...own } = lab.back();
    expect(await lift(own)).toBe(true);
    expect(await end()).toMatchObject({ left: [`slot 'c' on 'standby'`] });
    expect([await a.value(LEFT), await c.value(LEFT)]).toEqual(['', '']);
  });
});

describe.each(PAIRS)('two writers, from PostgreSQL %i to %i', (...majors) => {
  let lab: CutoverLab;
  beforeEach(async () => {
    lab = await CutoverLab.start(majors);
  });
  afterEach(() => lab.stop());

  const without = async (lost: Side, plan: CutoverPlan): Promise<Finalized> => {
    await nobodyWalks(lab);
    return await withoutServer(
      lab,
      { name: lost.name, kill: () => lost.server.kill() },
      (services) => finalize({ plan, owner: OWNER, gone: [lost.name] }, services),
    );
  };
  const isFree = async (side: Side): Promise<void> => {
    expect(await asSuperuser(side, LEFT)).toEqual([{ left: '' }]);
    expect(await whetherAppWrites(lab, side)).toBe('written');
    expect(lab.active).toBe(side.name);
  };

  test('an old writer that is lost behind the opening keeps nothing on the new one', async () => {
    await goOn(lab, lab.plan());
    const { left } = await without(lab.blue, lab.plan());
    expect(left).toEqual([
      `slot 'forward' on 'blue'`,
      `publication 'forward' on 'blue'`,
      `subscription 'backward' on 'blue'`,
      `slot 'pontoon_fence_shop' on 'blue'`,
      `role 'reader' on 'blue'`,
    ]);
    await isFree(lab.green);
  });

  test('nor one that is lost behind the fence of a rollback to it', async () => {
    await goOn(lab, lab.plan());
    await killedAt(lab, back(lab.plan()), { step: 'sequences', edge: 'before' });
    await without(lab.blue, back(lab.plan()));
    await isFree(lab.green);
  });

  test('a new writer that is lost behind the fence keeps nothing on the old one', async () => {
    await killedAt(lab, lab.plan(), { step: 'sequences', edge: 'before' });
    const { left } = await without(lab.green, lab.plan());
    expect(left).toEqual([
      `subscription 'forward' on 'green'`,
      `slot 'backward' on 'green'`,
      `publication 'backward' on 'green'`,
      `role 'reader' on 'green'`,
    ]);
    await isFree(lab.blue);
  });
});
