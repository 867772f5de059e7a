import type { CutoverPlan } from '../../lib/postgres';
import { type CutoverEvent, cutover } from '../../lib/runner';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, goOn, OWNER, onwards } from './walks';
import { writtenLab } from './written-lab';

const OPEN = 'Error: the gates are open';
const CLOSED = "GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n";

/** What keeps a subscription of the runner from writing to a table, what undoes it, and what the gate says. */
interface Hindrance {
  readonly hinder: string;
  readonly mend: string;
  readonly found: string;
  /** What another gate says too. */
  readonly foundToo?: string;
  /** What both servers must have alike, and what undoes that. */
  readonly onBoth?: string;
  readonly offBoth?: string;
}

const HINDRANCES: readonly (readonly [string, Hindrance])[] = [
  [
    'a table of an owner that the runner may not become',
    {
      hinder: `CREATE ROLE other; GRANT ALL ON SCHEMA shop TO other; ALTER TABLE shop.customers OWNER TO other;
        GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON shop.customers TO dbadmin; GRANT SELECT, UPDATE ON shop.customers_id_seq TO dbadmin`,
      mend: 'ALTER TABLE shop.customers OWNER TO dbadmin; DROP OWNED BY other; DROP ROLE other',
      found: `no right of 'dbadmin', whose subscription writes on 'blue', to become 'other', who owns table "shop"."customers"; GRANT "other" TO "dbadmin" on 'blue'`,
    },
  ],
  [
    'tables whose policies hold for their owner too',
    {
      hinder: 'SELECT',
      mend: 'ALTER ROLE dbadmin NOBYPASSRLS',
      onBoth: `ALTER TABLE shop.customers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY all_rows ON shop.customers USING (true);
        ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY; CREATE POLICY all_rows ON shop.orders USING (true)`,
      offBoth: `ALTER TABLE shop.customers DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY; DROP POLICY all_rows ON shop.customers;
        ALTER TABLE shop.orders DISABLE ROW LEVEL SECURITY; DROP POLICY all_rows ON shop.orders`,
      found: `table "shop"."customers" on 'blue', whose row-level security holds for 'dbadmin' too, who would write to it; ALTER ROLE "dbadmin" BYPASSRLS on 'blue', or NO FORCE ROW LEVEL SECURITY on both servers`,
    },
  ],
  [
    'a schema that the runner may not enter',
    {
      hinder:
        'ALTER SCHEMA shop OWNER TO rdsadmin; REVOKE pg_read_all_data, pg_write_all_data FROM rds_superuser',
      mend: 'ALTER SCHEMA shop OWNER TO dbadmin; GRANT pg_read_all_data, pg_write_all_data TO rds_superuser',
      foundToo: `- every sequence can be read and set: closed, got no right to read "shop"."customers_id_seq" on 'blue'; grant SELECT and UPDATE on it, and USAGE on its schema, to the role of the runner\n`,
      found: `no right of 'dbadmin', whose subscription writes on 'blue', to enter the schema of table "shop"."counters", and 2 more tables of the kind; GRANT USAGE ON SCHEMA "shop" TO "dbadmin" on 'blue'`,
    },
  ],
];

describe.each(PAIRS)('a way back that cannot be made, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);

  /** How a walk along `plan` fails that nothing is done to. */
  const failure = async (plan: CutoverPlan): Promise<string> => {
    const services = await shop.lab.services();
    const walk = cutover({ plan, owner: OWNER }, services);
    return await failureOf(walk.finally(() => services.close()));
  };

  test('closes a gate if nobody may replicate there', async () => {
    await asSuperuser(shop.lab.green, 'ALTER ROLE reader NOREPLICATION');
    const said = await failure(onwards(shop.lab));
    await asSuperuser(shop.lab.green, 'ALTER ROLE reader REPLICATION');
    expect(said).toBe(
      `GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:\n- the way back is provisioned: closed, got no role on 'green' that may log in, connect and replicate, in 'keep' (reader); deploy it, or declare that there is no rollback`,
    );
  });

  /** What the gates say of a walk along `plan`, which ends there. */
  const gates = async (plan: CutoverPlan): Promise<string> => {
    const services = await shop.lab.services();
    const onEvent = async ({ kind }: CutoverEvent) => {
      if (kind === 'done') throw new Error('the gates are open');
    };
    const walk = cutover({ plan, owner: OWNER }, { ...services, onEvent });
    return await failureOf(walk.finally(() => services.close()));
  };

  test.each(HINDRANCES)('closes a gate if the way back could not write: %s', async (_, one) => {
    const { onBoth = 'SELECT', offBoth = 'SELECT' } = one;
    await asSuperuser(shop.lab.green, `ALTER ROLE dbadmin BYPASSRLS; ${onBoth}`);
    await asSuperuser(shop.lab.blue, `${one.hinder}; ${onBoth}`);
    const said = await gates(shop.lab.plan());
    const wayOut = /; (?<sql>[^;]*) on 'blue'(?:, or .*)?$/.exec(said)?.groups?.sql ?? 'SELECT';
    await asSuperuser(shop.lab.blue, wayOut);
    const afterwards = await gates(shop.lab.plan());
    await asSuperuser(shop.lab.green, `ALTER ROLE dbadmin NOBYPASSRLS; ${offBoth}`);
    await asSuperuser(shop.lab.blue, `${one.mend}; ${offBoth}`);
    // Before PostgreSQL 16 only a superuser subscribes, for whom none of it holds.
    expect(said).toBe(
      from < 16
        ? OPEN
        : `${CLOSED}${one.foundToo ?? ''}- the way back is provisioned: closed, got ${one.found}`,
    );
    expect(afterwards).toBe(OPEN);
  });

  test('is told before the fence if the new writer cannot be reached, and is made once it can', async () => {
    const plan = onwards(shop.lab);
    // Where nobody listens. PostgreSQL 18 names the subscription that cannot connect.
    const port = 1;
    const astray = (plan.reverse ?? []).map(({ publisher, ...path }) =>
      publisher === undefined ? path : { ...path, publisher: { ...publisher, port } },
    );
    expect(await failure({ ...plan, reverse: astray })).toMatch(
      new RegExp(
        `^WAY_BACK_UNREACHABLE: 'blue' must reach 'green' for the way back before it is fenced, got: cannot take up the published tables in subscription "backward": the server said "(?:subscription "backward" )?could not connect to the publisher: [^]*" \\[08006\\]; open the way to 127\\.0\\.0\\.1:${port}, and let the login replicate there$`,
      ),
    );
    await expectWhole(shop.lab, shop.writers);
    for (const writer of ['green', 'blue', 'green']) {
      expect(await goOn(shop.lab, onwards(shop.lab))).toEqual([]);
      expect(shop.lab.active).toBe(writer);
      await expectWhole(shop.lab, shop.writers);
    }
  });

  test('is told before the fence if one that is there does not reach the new writer any more', async () => {
    const plan = onwards(shop.lab);
    const [{ subscription = '' } = {}] = plan.reverse ?? [];
    const receiver = shop.lab.side(plan.from);
    const [row] = await asSuperuser(
      receiver,
      `SELECT subconninfo AS info FROM pg_subscription WHERE subname = '${subscription}'`,
    );
    const info = String(row?.info);
    const [, password = ''] = /password='?([^ ']+)/.exec(info) ?? [];
    const connect = async (text: string): Promise<void> => {
      const literal = text.replaceAll("'", "''");
      await asSuperuser(receiver, `ALTER SUBSCRIPTION ${subscription} CONNECTION '${literal}'`);
    };
    await connect(info.replace(/port='?\d+'?/, 'port=1'));
    const steps: string[] = [];
    const services = await shop.lab.services();
    const onEvent = async (event: CutoverEvent) => {
      if (event.kind === 'step') steps.push(event.step.id);
    };
    const said = await failureOf(
      cutover({ plan, owner: OWNER }, { ...services, onEvent }).finally(() => services.close()),
    );
    expect(said).toMatch(
      new RegExp(
        `^WAY_BACK_UNREACHABLE: '${plan.from}' must reach '${plan.to}' for the way back before it is fenced, got: cannot take up the published tables in subscription "${subscription}": the server said "(?:subscription "${subscription}" )?could not connect to the publisher: [^]*" \\[08006\\]; open the way to '${plan.to}', and let the login replicate there$`,
      ),
    );
    expect(password).not.toBe('');
    expect(said).not.toContain(password);
    expect(steps).toEqual(['gates', 'prepare']);
    expect(
      await asSuperuser(
        receiver,
        `SELECT subenabled AS enabled, (SELECT count(*)::int FROM pg_stat_subscription t WHERE t.subid = s.oid AND pid IS NOT NULL) AS workers FROM pg_subscription s WHERE subname = '${subscription}'`,
      ),
    ).toEqual([{ enabled: false, workers: 0 }]);
    await expectWhole(shop.lab, shop.writers);
    await connect(info);
    expect(await goOn(shop.lab, plan)).toEqual([]);
    expect(shop.lab.active).toBe(plan.to);
    await expectWhole(shop.lab, shop.writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
