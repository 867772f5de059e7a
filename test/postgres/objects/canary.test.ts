import { dropped, planned, shown } from './planned';

const spec = { kind: 'canary', readers: ['reader'], writers: ['dms'] };

test('a canary is made, and opened to those who carry it', () => {
  expect(shown(planned(spec, { tables: [] }))).toEqual([
    'CREATE TABLE pontoon.canary (migration text PRIMARY KEY, mark text NOT NULL, written_at timestamptz NOT NULL)',
    'GRANT USAGE ON SCHEMA pontoon TO "reader"',
    'GRANT SELECT ON pontoon.canary TO "reader"',
    'GRANT USAGE ON SCHEMA pontoon TO "dms"',
    'GRANT SELECT ON pontoon.canary TO "dms"',
    'GRANT INSERT, UPDATE, DELETE ON pontoon.canary TO "dms"',
  ]);
});

test('a canary that is as described is left alone', () => {
  const observed = { tables: [{ name: 'canary', readers: ['reader', 'dms'], writers: ['dms'] }] };
  expect(planned(spec, observed)).toEqual([]);
});

test('who carries it no longer loses it', () => {
  const observed = {
    tables: [{ name: 'canary', readers: ['reader', 'dms', 'old'], writers: ['dms', 'old'] }],
  };
  expect(shown(planned(spec, observed))).toEqual([
    'REVOKE INSERT, UPDATE, DELETE ON pontoon.canary FROM "old"',
    'REVOKE USAGE ON SCHEMA pontoon FROM "old"',
    'REVOKE SELECT ON pontoon.canary FROM "old"',
  ]);
});

test('a canary is dropped with what was opened for it', () => {
  expect(
    shown(dropped(spec, { tables: [{ name: 'canary', readers: ['reader'], writers: [] }] })),
  ).toEqual([
    'REVOKE USAGE ON SCHEMA pontoon FROM "reader"',
    'REVOKE SELECT ON pontoon.canary FROM "reader"',
    'DROP TABLE pontoon.canary',
  ]);
  expect(dropped(spec, { tables: [] })).toEqual([]);
});

test('each part has a canary of its own', () => {
  const there = { name: 'canary', readers: ['reader'], writers: [] };
  const parted = { kind: 'canary', readers: ['reader'], writers: [], parts: ['events'] };
  expect(shown(planned(parted, { tables: [there] }))).toEqual([
    'CREATE TABLE pontoon.canary_events (migration text PRIMARY KEY, mark text NOT NULL, written_at timestamptz NOT NULL)',
    'GRANT SELECT ON pontoon.canary_events TO "reader"',
  ]);
  const tables = [there, { ...there, name: 'canary_events' }];
  expect(planned(parted, { tables })).toEqual([]);
  expect(shown(planned({ ...parted, parts: [] }, { tables }))).toEqual([
    'DROP TABLE pontoon.canary_events',
  ]);
  expect(shown(dropped(parted, { tables }))).toEqual([
    'REVOKE USAGE ON SCHEMA pontoon FROM "reader"',
    'REVOKE SELECT ON pontoon.canary FROM "reader"',
    'DROP TABLE pontoon.canary',
    'REVOKE SELECT ON pontoon.canary_events FROM "reader"',
    'DROP TABLE pontoon.canary_events',
  ]);
});
