import { waitUntil } from '../../lib/runner';
import { CutoverLab, type Side } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, goOn, onwards, walkWith } from './walks';

describe.each(PAIRS)(
  'a change of the old writer’s schema, from PostgreSQL %i to %i',
  (from, to) => {
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
      const plan = onwards(lab);
      await change(lab.side(plan.from), 'early');
      const walk = walkWith(lab, plan, { step: 'gates', edge: 'after' }, async () => undefined);
      const said = (await failureOf(walk)).split('\n');
      expect(said[0]).toBe(`GATES_CLOSED: every gate of the cutover of 'shop' must be open, got:`);
      // Whether somebody reads at the moment, or tries again in a moment, is chance.
      expect(said).toContain(
        `- the schemas are the same on both servers: closed, got on '${plan.to}': column shop.customers.early is missing; make the same change on the other server, or copy the schema again`,
      );
      await expectWhole(lab, writers);
      await follow(lab.side(plan.to), 'early');
      expect(await goOn(lab, plan)).toEqual([]);
      await expectWhole(lab, writers);
    });

    test('between the gates and the fence ends the walk at once, however long the budget is', async () => {
      const plan = onwards(lab, { budgetMs: 300_000 });
      const begun = performance.now();
      const walk = walkWith(lab, plan, { step: 'prepare', edge: 'after' }, () =>
        change(lab.side(plan.from), 'late'),
      );
      expect(await failureOf(walk)).toBe(
        `UNDONE: the schemas must not change while writers are switched, got on '${plan.to}': column shop.customers.late is missing; make the same change on the other server, or copy the schema again; everything was taken back, and '${plan.from}' works as before`,
      );
      expect(performance.now() - begun).toBeLessThan(100_000);
      expect(lab.active).toBe(plan.from);
      await expectWhole(lab, writers);
      await follow(lab.side(plan.to), 'late');
      expect(await goOn(lab, plan)).toEqual([]);
      await expectWhole(lab, writers);
    });

    test('loses and doubles nothing', async () => {
      await expectSame(lab, writers);
    });
  },
);
