import {
  CUTOVER_LIMITS,
  type CutoverObservation,
  CutoverPhase,
  type CutoverPlan,
  type JournalEntry,
  LinkKind,
  schemaDifferences,
  stateOf,
} from '../../../lib/postgres';

const PLAN: CutoverPlan = {
  migration: 'shop',
  from: 'blue',
  to: 'green',
  selection: { schemas: ['shop'] },
  forward: [{ kind: LinkKind.NATIVE, decoder: 'blue', slotName: 'f', subscription: 'f' }],
  reverse: [{ kind: LinkKind.NATIVE, decoder: 'green', slotName: 'b', subscription: 'b' }],
  keep: {},
  limits: CUTOVER_LIMITS,
};
const FENCE: JournalEntry = {
  migration: 'shop',
  from: 'blue',
  to: 'green',
  owner: 'me',
  expired: false,
  remainingMs: 1000,
  closedMs: 200,
  connectBefore: { connect: [''], grantable: [], given: [] },
  quietSince: null,
  decided: false,
  opened: false,
  lifted: false,
};
const OPENED = { ...FENCE, decided: true, opened: true };
const BEFORE: CutoverObservation = {
  from: undefined,
  to: undefined,
  forward: 'carrying',
  reverse: 'absent',
  active: 'blue',
  finalized: undefined,
};

test.each<[string, Partial<CutoverObservation>, CutoverPhase, string | undefined]>([
  ['a migration that follows', {}, CutoverPhase.PROVISIONED, 'blue'],
  ['a fence', { from: FENCE, reverse: 'stopped' }, CutoverPhase.FENCED, undefined],
  [
    'a way back that carries behind a fence',
    { from: FENCE, forward: 'stopped', reverse: 'carrying' },
    CutoverPhase.REVERSED,
    undefined,
  ],
  [
    'a way back that nobody reads for a moment',
    { from: FENCE, forward: 'stopped', reverse: 'stalled' },
    CutoverPhase.REVERSED,
    undefined,
  ],
  [
    'clients that are sent to a writer that refuses them',
    { from: FENCE, forward: 'stopped', reverse: 'carrying', active: 'green' },
    CutoverPhase.SWITCHED,
    undefined,
  ],
  [
    'a decision whose opening was cut off',
    { from: { ...FENCE, decided: true }, forward: 'stopped', reverse: 'carrying', active: 'green' },
    CutoverPhase.SWITCHED,
    undefined,
  ],
  [
    'such a decision while somebody else switches clients',
    {
      from: { ...FENCE, decided: true },
      forward: 'stopped',
      reverse: 'carrying',
      active: undefined,
    },
    CutoverPhase.SWITCHED,
    undefined,
  ],
  [
    'a new writer that is open',
    { from: OPENED, forward: 'stopped', reverse: 'carrying', active: 'green' },
    CutoverPhase.OPEN,
    'green',
  ],
  [
    'a rollback that is fenced',
    { from: OPENED, to: FENCE, forward: 'stopped', reverse: 'carrying', active: 'green' },
    CutoverPhase.FENCED,
    undefined,
  ],
  [
    'a rollback that is open',
    { to: OPENED, forward: 'carrying', reverse: 'stopped' },
    CutoverPhase.OPEN,
    'blue',
  ],
  [
    'a migration of which nothing is left',
    { forward: 'absent', active: undefined, finalized: { writer: 'green' } },
    CutoverPhase.FINALIZED,
    'green',
  ],
  [
    'one that ended after a rollback',
    { forward: 'absent', active: undefined, finalized: { writer: 'blue' } },
    CutoverPhase.FINALIZED,
    'blue',
  ],
  [
    'one that an earlier release finalized',
    { forward: 'absent', active: 'green', finalized: { writer: undefined } },
    CutoverPhase.FINALIZED,
    'green',
  ],
  [
    'a migration that was never deployed',
    { forward: 'absent', active: 'blue' },
    CutoverPhase.ABSENT,
    'blue',
  ],
  [
    'a migration of which only the fence is left',
    { from: OPENED, forward: 'absent', active: 'green', finalized: { writer: undefined } },
    CutoverPhase.FINALIZED,
    'green',
  ],
  [
    'a new writer that is open, with no way back',
    { from: OPENED, forward: 'absent', active: 'green' },
    CutoverPhase.OPEN,
    'green',
  ],
])('%s is seen', (_what, observation, phase, writer) => {
  expect(stateOf(PLAN, { ...BEFORE, ...observation })).toEqual({ phase, writer });
});

test('schemas differ by what is missing, other, or there only', () => {
  expect(
    schemaDifferences(
      [
        { kind: 'table', name: 'a.t', definition: 'r' },
        { kind: 'column', name: 'a.t.id', definition: 'bigint NOT NULL' },
        { kind: 'index', name: 'a.t_pkey', definition: 'CREATE …' },
        { kind: 'extension', name: 'citext', definition: '' },
      ],
      [
        { kind: 'table', name: 'a.t', definition: 'r' },
        { kind: 'column', name: 'a.t.id', definition: 'integer NOT NULL' },
        { kind: 'constraint', name: 'a.t.positive', definition: 'CHECK (id > 0)' },
        { kind: 'extension', name: 'aws_s3', definition: '' },
      ],
    ),
  ).toEqual([
    'column a.t.id is "integer NOT NULL" instead of "bigint NOT NULL"',
    'index a.t_pkey is missing',
    'constraint a.t.positive is there only',
  ]);
});

test.each([
  [
    `((s)::text = ANY ((ARRAY['a, b'::character varying, ''''::character varying])::text[]))`,
    `((s)::text = ANY (ARRAY[('a, b'::character varying)::text, (''''::character varying)::text]))`,
    true,
  ],
  ['(((a > 0) AND (a < 5)) AND b)', '((a > 0) AND (a < 5) AND b)', true],
  ['((a OR b) OR (c OR d))', '(a OR b OR c OR d)', true],
  ['((a OR b) AND c)', '(a OR (b AND c))', false],
  ['((a OR b) AND c)', '(a OR b AND c)', false],
  [`(s = ANY ((ARRAY['a'::x])::text[]))`, `(s = ANY (ARRAY[('a'::x)::name]))`, false],
  [`(s = ANY ((ARRAY['a'::x])::text[]))`, `(s = ANY (ARRAY['a'::x]))`, false],
  [`(s = 'a AND (b AND c)'::text)`, `(s = 'a AND b AND c'::text)`, false],
  ['f(a AND b)', 'f((a AND b))', false],
])('%s as a server restores it is %s: %s', (from, to, same) => {
  const check = (definition: string) => [
    { kind: 'constraint' as const, name: 'a.t.c', definition: `CHECK ${definition}` },
  ];
  expect(schemaDifferences(check(from), check(to))).toHaveLength(same ? 0 : 1);
});
