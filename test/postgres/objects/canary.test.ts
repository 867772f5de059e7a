import { dropped, planned, shown } from './planned';

const spec = { kind: 'canary', readers: ['reader'], writers: ['dms'] };

test('a canary is made, and opened to those who carry it', () => {
  expect(shown(planned(spec, { exists: false, readers: [], writers: [] }))).toEqual([
    'CREATE TABLE pontoon.canary (migration text PRIMARY KEY, mark text NOT NULL, written_at timestamptz NOT NULL)',
    'GRANT USAGE ON SCHEMA pontoon TO "reader"',
    'GRANT SELECT ON pontoon.canary TO "reader"',
    'GRANT USAGE ON SCHEMA pontoon TO "dms"',
    'GRANT SELECT ON pontoon.canary TO "dms"',
    'GRANT INSERT, UPDATE, DELETE ON pontoon.canary TO "dms"',
  ]);
});

test('a canary that is as described is left alone', () => {
  const observed = { exists: true, readers: ['reader', 'dms'], writers: ['dms'] };
  expect(planned(spec, observed)).toEqual([]);
});

test('who carries it no longer loses it', () => {
  const observed = { exists: true, readers: ['reader', 'dms', 'old'], writers: ['dms', 'old'] };
  expect(shown(planned(spec, observed))).toEqual([
    'REVOKE INSERT, UPDATE, DELETE ON pontoon.canary FROM "old"',
    'REVOKE USAGE ON SCHEMA pontoon FROM "old"',
    'REVOKE SELECT ON pontoon.canary FROM "old"',
  ]);
});

test('a canary is dropped with what was opened for it', () => {
  expect(shown(dropped(spec, { exists: true, readers: ['reader'], writers: [] }))).toEqual([
    'REVOKE USAGE ON SCHEMA pontoon FROM "reader"',
    'REVOKE SELECT ON pontoon.canary FROM "reader"',
    'DROP TABLE pontoon.canary',
  ]);
  expect(dropped(spec, { exists: false, readers: [], writers: [] })).toEqual([]);
});
