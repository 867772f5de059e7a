import fc from 'fast-check';
import { quoteIdentifier } from '../../../lib/postgres';
import { parseTestDecoding } from '../../../lib/rehearsal/dms/test-decoding';

const name = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter((text) => !text.includes('\0') && Buffer.byteLength(text) < 64);
const type = fc.constantFrom('integer', 'text[]', 'character varying', '"o""dd]:".mood', '"x[y"[]');
const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constant(null),
  fc.constant(undefined),
  fc.constant('unchanged-toast-datum'),
);
const column = fc.record({ name, type, value });

function print(
  columns: readonly { name: string; type: string; value: string | null | undefined }[],
): string {
  return columns
    .map(({ name: column, type: of, value: it }) => {
      const shown =
        it === null
          ? 'null'
          : it === undefined
            ? 'unchanged-toast-datum'
            : `'${it.replaceAll("'", "''")}'`;
      return ` ${quoteIdentifier(column)}[${of}]:${shown}`;
    })
    .join('');
}

test('reads back whatever the plugin can print', () => {
  fc.assert(
    fc.property(
      name,
      name,
      fc.array(column, { minLength: 1, maxLength: 5 }),
      fc.array(column, { minLength: 1, maxLength: 3 }),
      (schema, table, row, old) => {
        const text = `table ${quoteIdentifier(schema)}.${quoteIdentifier(table)}: UPDATE: old-key:${print(old)} new-tuple:${print(row)}`;
        expect(parseTestDecoding(text)).toEqual({
          kind: 'change',
          schema,
          table,
          action: 'UPDATE',
          old,
          row,
        });
      },
    ),
  );
});

test.each([
  ['BEGIN 734', { kind: 'begin', xid: '734' }],
  ['COMMIT 734', { kind: 'commit', xid: '734', committedAt: undefined }],
  [
    'COMMIT 734 (at 2026-11-21 02:50:18.123456+00)',
    { kind: 'commit', xid: '734', committedAt: new Date('2026-11-21T02:50:18.123Z') },
  ],
  [
    'table public.t: DELETE: (no-tuple-data)',
    { kind: 'change', schema: 'public', table: 't', action: 'DELETE', old: [], row: [] },
  ],
  [
    'table public.t, "a.b".u: TRUNCATE: restart_seqs cascade',
    {
      kind: 'truncate',
      tables: [
        { schema: 'public', table: 't' },
        { schema: 'a.b', table: 'u' },
      ],
    },
  ],
  ['message: transactional: 1 prefix: p, sz: 1 content:x', { kind: 'message' }],
  [
    "table public.t: INSERT: n[numeric]:NaN b[bit varying]:B'101' f[boolean]:true",
    {
      kind: 'change',
      schema: 'public',
      table: 't',
      action: 'INSERT',
      old: [],
      row: [
        { name: 'n', type: 'numeric', value: 'NaN' },
        { name: 'b', type: 'bit varying', value: '101' },
        { name: 'f', type: 'boolean', value: 'true' },
      ],
    },
  ],
])('reads %s', (text, message) => {
  expect(parseTestDecoding(text)).toEqual(message);
});

test('says that it cannot read something without showing data', () => {
  expect(() => parseTestDecoding("table public.t: INSERT: a[text]:'secret")).toThrow(
    "the DMS stand-in cannot read a quoted text of test_decoding; report the server's version",
  );
  expect(() => parseTestDecoding('PREPARE TRANSACTION secret')).toThrow(
    'the DMS stand-in cannot read a message beginning with "PREPARE" of test_decoding; report the server\'s version',
  );
});
