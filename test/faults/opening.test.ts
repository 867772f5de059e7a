import { sessionBeingOpened } from '../opening-session';
import { PAIRS } from './matrix';
import { asSuperuser, expectSame, expectWhole, failureOf, onwards, walkWith } from './walks';
import { writtenLab } from './written-lab';

describe.each(PAIRS)('a session that is being opened, from PostgreSQL %i to %i', (from, to) => {
  const shop = writtenLab([from, to]);

  test('before the fence is ended behind it, although nothing showed it', async () => {
    const { lab, writers } = shop;
    const plan = onwards(lab);
    const old = lab.side(plan.from);
    const login = { user: 'app', password: lab.appPassword };
    const { client, connected } = await sessionBeingOpened(
      old.server.connectionConfig('app', login),
      (query) => asSuperuser(old, query),
    );
    const walked = walkWith(lab, plan, { step: 'open', edge: 'before' }, async () => undefined);
    expect(await failureOf(walked)).toBe('nothing failed');
    await connected;
    const late = client.query(`INSERT INTO shop.customers (name) VALUES ('late')`);
    expect(await failureOf(late)).toMatch(/terminat|not queryable/);
    expect(lab.active).toBe(plan.to);
    await expectWhole(lab, writers);
  });

  test('loses and doubles nothing', async () => {
    await expectSame(shop.lab, shop.writers);
  });
});
