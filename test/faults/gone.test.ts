import { cutover, finalize } from '../../lib/runner';
import type { LabServices } from '../runner/cutover/lab-services';
import { HybridLab } from './hybrid-lab';
import { failureOf, OWNER } from './walks';

// How a migration along a chain ends of which a server is lost for ever, once its new writer is open.

let lab: HybridLab;
beforeEach(async () => {
  lab = await HybridLab.start(17);
  await lab.followed();
  await asked((services) => cutover(request(), services));
  expect(lab.active).toBe('aurora');
});
afterEach(() => lab.stop());

const request = () => ({ plan: lab.plan(), owner: OWNER });

async function asked<Result>(work: (services: LabServices) => Promise<Result>): Promise<Result> {
  const services = await lab.services();
  return await work(services).finally(() => services.close());
}

/** Does `work` with a session on every server but `server`, which is killed first. */
async function without<Result>(
  server: string,
  kill: () => Promise<void>,
  work: (services: LabServices) => Promise<Result>,
): Promise<Result> {
  return await asked(async (services) => {
    await kill();
    const sessions = new Map([...services.sessions].filter(([name]) => name !== server));
    return await work({ ...services, sessions }).finally(() =>
      services.sessions
        .get(server)
        ?.end()
        .catch(() => undefined),
    );
  });
}

const LEFT = `SELECT concat_ws(', ',
  (SELECT string_agg('slot ' || slot_name, ', ') FROM pg_replication_slots WHERE slot_type = 'logical'),
  (SELECT string_agg('subscription ' || subname, ', ') FROM pg_subscription),
  (SELECT string_agg('publication ' || pubname, ', ') FROM pg_publication),
  (SELECT string_agg('role ' || rolname, ', ') FROM pg_roles WHERE rolname = 'reader'),
  (SELECT string_agg(kind || ' ' || name, ', ') FROM pontoon.objects WHERE before ->> 'retired' IS NULL),
  (SELECT string_agg('fence ' || migration, ', ') FROM pontoon.cutover))`;

test('a standby in between that is lost keeps nothing on either writer', async () => {
  const { a, c, standby } = lab.chain;
  await without(
    'standby',
    () => standby.kill(),
    async (services) => {
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
    },
  );
  expect([await a.value(LEFT), await c.value(LEFT)]).toEqual(['', '']);
});

test('an old writer that is lost keeps nothing on its standby and on the new writer', async () => {
  const { b, c, source } = lab.chain;
  await without(
    'onPremises',
    () => source.kill(),
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
  await without(
    'standby',
    () => standby.kill(),
    async (services) => {
      expect(await cutover({ plan: back, owner: OWNER }, services)).toMatchObject({
        result: 'opened',
      });
      expect(lab.active).toBe('onPremises');
      const end = { plan: lab.back(), owner: OWNER, gone: ['standby'] };
      expect(await finalize(end, services)).toMatchObject({ left: [`slot 'c' on 'standby'`] });
    },
  );
  expect([await a.value(LEFT), await c.value(LEFT)]).toEqual(['', '']);
});
