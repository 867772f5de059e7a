import { withServers } from '../../servers';
import { copy, describeSchemas, prepareTarget } from './copied';
import { RICH_SCHEMA } from './rich-schema';

jest.setTimeout(180_000);

const SCHEMAS = ['shop', 'we"ird.*'];

test.each([
  [15, 17],
  [17, 17],
  [16, 18],
  [14, 15],
])('copies a rich schema from %i to %i', async (from, to) => {
  await withServers(
    [
      { major: from, superuser: 'postgres' },
      { major: to, superuser: 'rdsadmin' },
    ],
    async ([source, target]) => {
      if (source === undefined || target === undefined) throw new Error('two servers');
      const setup = await source.client();
      await setup.query('CREATE DATABASE shop');
      const there = await source.client('shop');
      await there.query(RICH_SCHEMA);
      await prepareTarget(target);
      const result = await copy([source, target], SCHEMAS);
      expect(result.StandardErrorContent).toBe('');
      expect(result.Status).toBe('Success');
      const here = await target.client('shop');
      const got = await describeSchemas(here, SCHEMAS);
      expect(got).toEqual(await describeSchemas(there, SCHEMAS));
    },
  );
});
