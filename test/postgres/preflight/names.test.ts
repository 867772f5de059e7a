import fc from 'fast-check';
import { nameProblem, quoteIdentifier } from '../../../lib/postgres';
import { runPreflight } from '../../../lib/runner';
import { found, Lab, look, mend, twoLinks } from './lab';

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
  .filter(
    (text) =>
      nameProblem(text, 'name') === undefined && !text.startsWith('pg_') && !text.includes('\n'),
  );

const NASTY = [
  '"; DROP SCHEMA public CASCADE; --',
  "it's",
  'a.b',
  '\\',
  'ORDERS',
  ' ',
  '$1',
  'é'.repeat(31),
];

test('whatever tables are called, they are found, named exactly, and mended', async () => {
  const lab = await Lab.start(17);
  try {
    const { name: database, client } = await lab.database('CREATE SCHEMA "s"');
    const property = fc.asyncProperty(
      fc.oneof(fc.constantFrom(...NASTY), name),
      fc.oneof(fc.constantFrom(...NASTY), name),
      async (table, column) => {
        const qualified = `"s".${quoteIdentifier(table)}`;
        await client.query(
          `CREATE TABLE ${qualified} (${quoteIdentifier(column)} int NOT NULL UNIQUE)`,
        );
        try {
          const selection = { tables: [{ schema: 's', name: table, columns: [column] }] };
          const topology = twoLinks(17, database, { native: selection });
          const context = { topology, server: 'onPremises' };
          const report = await runPreflight(client, context);
          expect(found(report, 'selection')).toEqual([]);
          const findings = found(report, 'replica-identity');
          expect(findings.map(({ object }) => object)).toEqual([qualified]);
          await mend(client, findings);
          expect(await look(client, context, 'replica-identity')).toEqual([]);
        } finally {
          await client.query(`DROP TABLE ${qualified}`);
        }
      },
    );
    await fc.assert(property, { numRuns: 60, examples: NASTY.map((text) => [text, text]) });
  } finally {
    await lab.stop();
  }
});
