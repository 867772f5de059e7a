import type { CutoverPlan } from '../../lib/postgres';
import { type CutoverEvent, cutover, status, verifyRows, waitUntil } from '../../lib/runner';
import { DmsLab } from '../runner/cutover/dms-lab';
import { CutoverLab, type LabServices } from '../runner/cutover/lab';
import { ALL, sampled } from './matrix';
import { asSuperuser, failureOf, isMoment } from './walks';

const asked = ({ skipVerification: _skipped, ...plan }: CutoverPlan): CutoverPlan => plan;

const MAJORS = sampled(
  [
    [14, 18],
    [17, 17],
  ] as const,
  ([from]) => from === 14,
);

describe.each(MAJORS)(
  'tables that changed since they were compared, from PostgreSQL %i to %i',
  (from, to) => {
    let lab: CutoverLab;
    let services: LabServices;
    beforeAll(async () => {
      lab = await CutoverLab.start([from, to], {
        schemas: ['shop', 'log'],
        schema: `CREATE SCHEMA log;
        CREATE TABLE log.events (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE log.events_2026 PARTITION OF log.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
      });
    });
    afterAll(() => lab.stop());
    beforeEach(async () => {
      services = { ...(await lab.services()), connections: lab.connections() };
      await compared();
    });
    afterEach(() => services.close());

    const plan = (verificationMs = 0) => asked(lab.plan({ verificationMs }));
    const found = async (verificationMs = 0): Promise<unknown> =>
      (await status({ plan: plan(verificationMs) }, services)).gates.find(({ id }) => id === 'rows')
        ?.found;
    /** Compares what has to be, after which the gate is open. */
    const compared = async (): Promise<void> => {
      await lab.followed();
      const { differs, unchecked, left } = await verifyRows(
        { plan: plan(), owner: 'test' },
        services,
      );
      expect({ differs, unchecked, left }).toEqual({ differs: [], unchecked: [], left: 0 });
      expect(await found()).toBe('as it must be');
    };

    test('one that was written anew is compared again', async () => {
      await lab.blue.admin.query('VACUUM FULL shop.customers');
      expect(await found()).toBe(
        '"shop"."customers" compared before it was truncated, written anew or given another partition',
      );
      await compared();
    });

    test('one that was truncated on the new writer is, too', async () => {
      await lab.blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('Ann')`);
      await compared();
      await lab.green.admin.query('TRUNCATE shop.customers');
      expect(await found()).toBe(
        '"shop"."customers" compared before it was truncated, written anew or given another partition, on the new writer',
      );
      await lab.blue.admin.query('TRUNCATE shop.customers');
      await compared();
    });

    if (ALL)
      test('one that got a trigger on the new writer that changes what is applied is, too', async () => {
        const { blue, green } = lab;
        const said = '"shop"."customers" compared before its triggers changed on the new writer';
        const shout = (how: string): string =>
          `CREATE OR REPLACE FUNCTION shop.shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.name := ${how}(NEW.name); RETURN NEW; END'`;
        await green.admin.query(
          `${shout('upper')}; CREATE TRIGGER shout BEFORE INSERT ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.shout(); ALTER TABLE shop.customers ENABLE ALWAYS TRIGGER shout`,
        );
        expect(await found()).toBe(said);
        await compared();
        await green.admin.query(shout('initcap'));
        expect(await found()).toBe(said);
        await blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('ann')`);
        await lab.followed();
        const { differs } = await verifyRows({ plan: plan(), owner: 'test' }, services);
        expect(differs).toEqual([expect.stringMatching(/^"shop"."customers": /)]);
        await green.admin.query('ALTER TABLE shop.customers ENABLE TRIGGER shout');
        await blue.admin.query('TRUNCATE shop.customers');
        await compared();
        await green.admin.query(
          'ALTER TABLE shop.customers ENABLE REPLICA TRIGGER shout; ALTER TABLE shop.customers ENABLE TRIGGER shout',
        );
        expect(await found()).toBe(said);
        await compared();
        await green.admin.query('DROP FUNCTION shop.shout CASCADE');
        await compared();
      });

    test('one that is emptied again and again waits until nobody can write, if it is small', async () => {
      const { admin } = lab.blue;
      await admin.query('TRUNCATE shop.customers');
      const again =
        'as it must be, but compared behind the fence again, since it was truncated, written anew or given another partition: "shop"."customers"';
      expect(await found(100)).toBe(again);
      expect(await found()).toBe(
        '"shop"."customers" compared before it was truncated, written anew or given another partition',
      );
      await admin.query(
        `INSERT INTO shop.customers (name) SELECT repeat('x', 1000) FROM generate_series(1, 2000)`,
      );
      expect(await found(100)).toBe(
        `"shop"."customers" compared before it was truncated, written anew or given another partition, and too big to be compared in 'verificationMs' (100) behind the fence; raise that, compare the rows again once partitions are made ahead, or exclude what is always emptied`,
      );
      expect(await found(1_000)).toBe(again);
      await admin.query('TRUNCATE shop.customers, log.events_2026');
      expect(await found(10)).toMatch(/ and too big /);
      expect(await found(100)).toBe(again.replace('"shop"', '"log"."events", "shop"'));
      await compared();
    });

    test('one of which a partition was written anew is, too', async () => {
      await lab.blue.admin.query('VACUUM FULL log.events_2026');
      expect(await found()).toBe(
        '"log"."events" compared before it was truncated, written anew or given another partition',
      );
      await compared();
    });

    test('one that was out of its publication for a while is, too', async () => {
      await lab.blue.admin.query(
        'ALTER PUBLICATION forward DROP TABLE shop.orders; ALTER PUBLICATION forward ADD TABLE ONLY shop.orders',
      );
      expect(await found()).toBe('"shop"."orders" compared before it was published in another way');
      await compared();
    });

    test('all of a publication that left out changes for a while are, too', async () => {
      await lab.blue.admin.query(
        "ALTER PUBLICATION forward SET (publish = 'insert'); ALTER PUBLICATION forward SET (publish = 'insert, update, delete, truncate')",
      );
      expect(await found()).toMatch(/^".*" compared before it was published in another way$/);
      await compared();
    });

    test('one that was not followed for a while is, too', async () => {
      await lab.blue.admin.query('CREATE PUBLICATION other FOR TABLE pontoon.canary');
      for (const name of ['other', 'forward'])
        await lab.green.admin.query(
          `ALTER SUBSCRIPTION forward SET PUBLICATION ${name} WITH (copy_data = false)`,
        );
      await lab.blue.admin.query('DROP PUBLICATION other');
      await lab.copied();
      expect(await found()).toMatch(/^".*" compared before it was followed anew$/);
      await compared();
    });

    test('one whose columns changed is, since each server gave it values of its own', async () => {
      await lab.blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('Ann')`);
      for (const { admin } of [lab.green, lab.blue])
        await admin.query(
          'ALTER TABLE shop.customers ADD COLUMN token uuid DEFAULT gen_random_uuid()',
        );
      expect(await found()).toBe('"shop"."customers" compared before its definition changed');
      const { differs } = await verifyRows({ plan: plan(), owner: 'test' }, services);
      expect(differs).toEqual([expect.stringMatching(/^"shop"."customers": /)]);
      for (const { admin } of [lab.green, lab.blue])
        await admin.query('ALTER TABLE shop.customers DROP COLUMN token');
      await compared();
    });

    test('all are when a transaction may have been skipped', async () => {
      // Servers before that count no conflicts.
      if (to < 18) return;
      await lab.green.admin.query('INSERT INTO shop.counters VALUES (9, 1)');
      await lab.blue.admin.query('INSERT INTO shop.counters VALUES (9, 2)');
      await waitUntil({
        what: 'the conflict must be counted',
        deadlineMs: 60_000,
        probe: async () => {
          const reason = await found();
          return reason ===
            'a comparison of a stream that has ended, had conflicts since, or cannot be told from a later one after a crash'
            ? { done: true, value: undefined }
            : { done: false, reason: String(reason) };
        },
      });
      await lab.green.admin.query('DELETE FROM shop.counters');
      await lab.followed();
      await compared();
    });

    test('none is when the new writer refuses to open', async () => {
      const walk = cutover(
        { plan: plan(), owner: 'test' },
        {
          ...services,
          onEvent: async (event) => {
            if (event.kind === 'step' && event.step.id === 'open')
              await asSuperuser(lab.green, 'ALTER DATABASE app OWNER TO rdsadmin');
          },
        },
      );
      const said = await failureOf(walk);
      await asSuperuser(lab.green, 'ALTER DATABASE app OWNER TO dbadmin');
      expect(said).toMatch(/^UNDONE: .*permission denied to set role "rdsadmin"/);
      expect(await found()).toBe('as it must be');
    });

    test('behind the gates it keeps the new writer shut, unless there is time to compare it', async () => {
      const truncating = (verificationMs: number) =>
        cutover(
          { plan: plan(verificationMs), owner: 'test' },
          {
            ...services,
            onEvent: async (event) => {
              if (event.kind === 'done' && event.step.id === 'gates')
                await lab.blue.admin.query('TRUNCATE shop.customers');
            },
          },
        );
      expect(await failureOf(truncating(0))).toBe(
        `UNDONE: every selected table must be as it was when it was compared, got "shop"."customers" compared before it was truncated, written anew or given another partition; compare the rows again, or give the final comparison more time in 'verificationMs'; everything was taken back, and 'blue' works as before`,
      );
      await compared();
      expect((await truncating(5_000)).result).toBe('opened');
    });
  },
);

test('what must be compared behind the fence is, also where a busy server takes longer than the others are worth', async () => {
  const lab = await CutoverLab.start([17, 17]);
  const services = { ...(await lab.services()), connections: lab.connections() };
  const plan = asked(lab.plan({ verificationMs: 10 }));
  const request = { plan, owner: 'test' };
  try {
    await lab.followed();
    expect(await verifyRows(request, services)).toMatchObject({ same: 3 });
    await lab.blue.admin.query('TRUNCATE shop.customers');
    await lab.followed();
    const { gates } = await status(request, services);
    expect(gates.find(({ id }) => id === 'rows')?.found).toBe(
      'as it must be, but compared behind the fence again, since it was truncated, written anew or given another partition: "shop"."customers"',
    );
    const onEvent = async (event: CutoverEvent) => {
      if (isMoment(event, { step: 'verify', edge: 'before' })) await keepBusy(lab);
    };
    const { result, compared } = await cutover(request, { ...services, onEvent });
    expect({ result, compared }).toEqual({ result: 'opened', compared: { tables: 1, of: 3 } });
  } finally {
    await services.close();
    await lab.stop();
  }
});

/** Has the old writer answer the session that compares only once the time for the other tables has passed. */
async function keepBusy(lab: CutoverLab): Promise<void> {
  const { rows } = await lab.blue.admin.query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'pontoon verify'`,
  );
  expect(rows).toHaveLength(1);
  process.kill(rows[0].pid, 'SIGSTOP');
  setTimeout(() => process.kill(rows[0].pid, 'SIGCONT'), 300);
}

describe('a table that AWS DMS does not truncate', () => {
  let dms: DmsLab;
  let services: LabServices;
  beforeAll(async () => {
    dms = await DmsLab.start();
    services = {
      ...(await dms.lab.services()),
      task: dms.task(),
      connections: dms.lab.connections(),
    };
  });
  afterAll(async () => {
    await services.close();
    await dms.stop();
  });

  const plan = () => {
    const all = asked(dms.plan());
    return { ...all, limits: { ...all.limits, verificationMs: 5_000 } };
  };
  const request = () => ({ plan: plan(), owner: 'test' });
  const write = async (name: string): Promise<void> => {
    await dms.lab.blue.admin.query(`INSERT INTO shop.customers (name) VALUES ('${name}')`);
    await dms.arrived(`SELECT FROM shop.customers WHERE name = '${name}'`);
  };

  test('closes the gate, and differs when it is compared again', async () => {
    await write('one');
    expect(await verifyRows(request(), services)).toMatchObject({ same: 3, differs: [] });
    await dms.lab.blue.admin.query('TRUNCATE shop.customers');
    const { gates } = await status(request(), services);
    expect(gates.find(({ id }) => id === 'rows')?.found).toBe(
      '"shop"."customers" compared before it was truncated, written anew or given another partition',
    );
    const { differs } = await verifyRows(request(), services);
    expect(differs).toEqual([expect.stringMatching(/^"shop"."customers": /)]);
    await dms.lab.green.admin.query('TRUNCATE shop.customers');
    expect(await verifyRows(request(), services)).toMatchObject({ same: 3, differs: [] });
  });

  test('has the walk undone when it is truncated behind the gates', async () => {
    await write('two');
    const walk = cutover(request(), {
      ...services,
      onEvent: async (event) => {
        if (event.kind === 'done' && event.step.id === 'gates')
          await dms.lab.blue.admin.query('TRUNCATE shop.customers');
      },
    });
    expect(await failureOf(walk)).toBe(
      `UNDONE: every compared table must be the same on 'blue' and 'green', got "shop"."customers" ("blue" has 0 rows, "green" has 1); find out who wrote to 'green'; everything was taken back, and 'blue' works as before`,
    );
  });
});
