import {
  CUTOVER_STEPS,
  type CutoverPlan,
  PontoonError,
  type SecretStore,
} from '../../lib/postgres';
import { randomPassword } from '../../lib/rehearsal/servers';
import { cutover, scramVerifier, waitUntil } from '../../lib/runner';
import { PAIRS, sampled } from './matrix';
import {
  alone,
  asSuperuser,
  expectSame,
  expectWhole,
  isMoment,
  OWNER,
  onwards,
  walkWith,
} from './walks';
import { writtenLab } from './written-lab';

const STEPS = sampled(
  CUTOVER_STEPS.map(({ id }) => id),
  (step) => step === 'catch-up',
);

describe.each(PAIRS)('credentials that are rotated, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);

  /** Another password for the role that replicates, and nobody who is still logged in by the old one. */
  const rotate = async (): Promise<void> => {
    await shop.lab.rotate();
    for (const side of [shop.lab.blue, shop.lab.green])
      await asSuperuser(
        side,
        'SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE active',
      );
  };

  /** Runs the walk again, as often as it takes, and with nobody’s help. */
  const goOn = async (plan: CutoverPlan): Promise<void> => {
    await waitUntil({
      what: `'${plan.to}' must be open`,
      deadlineMs: 120_000,
      probe: async () => {
        try {
          await alone(shop.lab, (services) => cutover({ plan, owner: OWNER }, services));
          return { done: true, value: undefined };
        } catch (error) {
          if (!(error instanceof PontoonError)) throw error;
          if (error.code !== 'UNDONE' && error.code !== 'GATES_CLOSED') throw error;
          return { done: false, reason: error.message };
        }
      },
    });
  };

  test.each(STEPS)(
    'that of replication before %s, and everybody who used it gone',
    async (step) => {
      const plan = onwards(shop.lab, { budgetMs: 6_000 });
      await shop.lab.followed();
      const walk = walkWith(shop.lab, plan, { step, edge: 'before' }, rotate);
      await walk.catch((error: unknown) => {
        if (!(error instanceof PontoonError)) throw error;
        expect(['UNDONE', 'GATES_CLOSED']).toContain(error.code);
      });
      await expectWhole(shop.lab, shop.writers);
      await goOn(plan);
      expect(shop.lab.active).toBe(plan.to);
      await expectWhole(shop.lab, shop.writers);
    },
  );

  test('that of replication while the way back carries, and a rollback finds it', async () => {
    await shop.lab.followed();
    await rotate();
    const plan = onwards(shop.lab);
    await goOn(plan);
    expect(shop.lab.active).toBe(plan.to);
    await expectWhole(shop.lab, shop.writers);
  });

  test.each([
    [
      'before the fence: sessions that compare rows take the new one',
      { step: 'prepare', edge: 'after' },
      { username: 'second', found: 2 },
    ],
    [
      'behind the fence: sessions that compare rows are open by then',
      { step: 'verify', edge: 'before' },
      { username: 'third', found: 1 },
    ],
  ] as const)('that of the runner %s', async (_what, moment, { username, found }) => {
    const plan = onwards(shop.lab, { verificationMs: 10_000, budgetMs: 60_000 });
    const login = { username, password: randomPassword(), version: 1 };
    const told = async (verb: 'CREATE' | 'ALTER'): Promise<void> => {
      for (const side of [shop.lab.blue, shop.lab.green])
        await asSuperuser(
          side,
          `${verb} ROLE ${username} LOGIN PASSWORD '${scramVerifier(login.password)}'`,
        );
    };
    await told('CREATE');
    for (const side of [shop.lab.blue, shop.lab.green])
      await asSuperuser(
        side,
        `GRANT pg_read_all_data TO ${username}; GRANT CONNECT ON DATABASE app TO ${username}`,
      );
    const services = await shop.lab.services();
    await services.close();
    let known = { ...login };
    const secrets: SecretStore = {
      get: async (reference, options) => {
        if (reference !== 'env:SECOND_') return await services.secrets.get(reference, options);
        if (options?.fresh === true) known = { ...login };
        return { ...known, version: String(known.version) };
      },
    };
    const connections = Object.fromEntries(
      Object.entries(shop.lab.connections()).map(([name, connection]) => [
        name,
        { ...connection, secret: 'env:SECOND_' },
      ]),
    );
    const notes: string[] = [];
    await shop.lab.followed();
    const own = await shop.lab.services();
    await cutover(
      {
        plan: { ...plan, keep: { blue: ['reader', username], green: ['reader', username] } },
        owner: OWNER,
      },
      {
        ...own,
        secrets,
        connections,
        onEvent: async (event) => {
          if (event.kind === 'note') notes.push(event.text);
          if (!isMoment(event, moment)) return;
          Object.assign(login, { password: randomPassword(), version: 2 });
          await told('ALTER');
        },
      },
    ).finally(() => own.close());
    expect(notes).toContain('3 of 3 tables compared');
    expect(known.version).toBe(found);
    expect(shop.lab.active).toBe(plan.to);
    await expectWhole(shop.lab, shop.writers);
    for (const side of [shop.lab.blue, shop.lab.green])
      await asSuperuser(side, `DROP OWNED BY ${username}; DROP ROLE ${username}`);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
