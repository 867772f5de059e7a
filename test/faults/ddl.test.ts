import { describeSchema, type Statement, schemaMark } from '../../lib/postgres';
import { type CutoverEvent, cutover, waitUntil } from '../../lib/runner';
import type { Side } from '../runner/cutover/lab';
import { PAIRS } from './matrix';
import {
  asSuperuser,
  expectSame,
  expectWhole,
  failureOf,
  goOn,
  isMoment,
  OWNER,
  onwards,
  walkWith,
  watched,
} from './walks';
import { writtenLab } from './written-lab';

describe.each(PAIRS)(
  'a change of the old writer’s schema, from PostgreSQL %i to %i',
  (from, to) => {
    const shop = writtenLab([from, to]);

    /** Adds a column, and a row that nobody can apply who does not have it. */
    const change = async ({ admin }: Side, column: string): Promise<void> => {
      await admin.query(`ALTER TABLE shop.customers ADD COLUMN ${column} text`);
      await admin.query(`INSERT INTO shop.customers (name, ${column}) VALUES ('Ann', '${column}')`);
    };

    /** Makes the same change on the other server, as is said, and waits until the row is there. */
    const follow = async (side: Side, column: string): Promise<void> => {
      await side.admin.query(`ALTER TABLE shop.customers ADD COLUMN ${column} text`);
      await waitUntil({
        what: `the row with '${column}' must be on '${side.name}'`,
        deadlineMs: 60_000,
        intervalMs: 20,
        probe: async () => {
          const rows = await asSuperuser(
            side,
            `SELECT FROM shop.customers WHERE ${column} IS NOT NULL`,
          );
          return rows.length === 1
            ? { done: true, value: undefined }
            : { done: false, reason: `${rows.length} rows` };
        },
      });
    };

    test('closes a gate, until the same change is made on the new one', async () => {
      const plan = onwards(shop.lab);
      await change(shop.lab.side(plan.from), 'early');
      const walk = walkWith(
        shop.lab,
        plan,
        { step: 'gates', edge: 'after' },
        async () => undefined,
      );
      const said = (await failureOf(walk)).split('\n');
      expect(said[0]).toBe(`GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:`);
      // Whether somebody reads at the moment, or tries again in a moment, is chance.
      expect(said).toContain(
        `- the schemas are the same on both servers: closed, got on '${plan.to}': column shop.customers.early is missing; make the same change on the other server, or copy the schema again`,
      );
      await expectWhole(shop.lab, shop.writers);
      await follow(shop.lab.side(plan.to), 'early');
      expect(await goOn(shop.lab, plan)).toEqual([]);
      await expectWhole(shop.lab, shop.writers);
    });

    test.each([
      ['once all is made ready', { step: 'prepare', edge: 'after' }, 'late'],
      // When the schemas were just looked at, for the last time before nobody writes any more.
      ['as the fence goes up', { step: 'fence', edge: 'before' }, 'later'],
    ] as const)(
      '%s ends the walk at once, however long the budget is',
      async (_when, moment, column) => {
        const plan = onwards(shop.lab, { budgetMs: 300_000 });
        const begun = performance.now();
        const walk = walkWith(shop.lab, plan, moment, () =>
          change(shop.lab.side(plan.from), column),
        );
        expect(await failureOf(walk)).toBe(
          `UNDONE: the schemas must not change while writers are switched, got on '${plan.to}': column shop.customers.${column} is missing; make the same change on the other server, or copy the schema again; everything was taken back, and '${plan.from}' works as before`,
        );
        expect(performance.now() - begun).toBeLessThan(100_000);
        expect(shop.lab.active).toBe(plan.from);
        await expectWhole(shop.lab, shop.writers);
        await follow(shop.lab.side(plan.to), column);
        expect(await goOn(shop.lab, plan)).toEqual([]);
        await expectWhole(shop.lab, shop.writers);
      },
    );

    test('is looked for where nobody waits: behind the fence it is enough that no catalog was written to', async () => {
      const plan = onwards(shop.lab);
      await shop.lab.followed();
      const services = await shop.lab.services();
      const behind: string[] = [];
      let fenced = false;
      const seen = watched(services, async (ask, text = '') => {
        if (fenced) behind.push(text);
        return await ask();
      });
      const onEvent = async (event: CutoverEvent) => {
        if (isMoment(event, { step: 'fence', edge: 'after' })) fenced = true;
        if (isMoment(event, { step: 'open', edge: 'after' })) fenced = false;
      };
      const walk = cutover({ plan, owner: OWNER }, { ...seen, onEvent });
      expect((await walk.finally(() => services.close())).result).toBe('opened');
      const asked = (one: Statement) => behind.filter((text) => text === one.text).length;
      expect([asked(schemaMark()), asked(describeSchema(plan.selection))]).toEqual([2, 0]);
      await expectWhole(shop.lab, shop.writers);
    });

    test('loses and doubles nothing', async () => {
      await expectSame(shop.lab, shop.writers);
    });
  },
);
