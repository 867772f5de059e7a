import {
  CUTOVER_LIMITS,
  type CutoverOptions,
  createTopology,
  DmsTransformationAction,
  DmsTransformationTarget,
  deriveCutover,
  LinkKind,
  Platform,
  PublisherSslMode,
  rollbackOf,
  serversOf,
} from '../../../lib/postgres';
import { hybridChain } from '../hybrid-chain';

const REVERSE = {
  subscription: 'pontoon_reverse',
  publication: 'pontoon_reverse',
  slotName: 'pontoon_reverse',
  publisher: {
    server: 'aurora',
    host: 'aurora.example',
    port: 5432,
    database: 'shop',
    secret: 'secret:reverse',
    sslMode: PublisherSslMode.VERIFY_FULL,
    sslRootCert: '',
  },
};
const RENAMES = [
  {
    target: DmsTransformationTarget.SCHEMA,
    action: DmsTransformationAction.RENAME,
    schema: 'shop',
    value: 'store',
  },
];
const OPTIONS: CutoverOptions = {
  migration: 'shop',
  to: 'aurora',
  forward: { writer: 'pontoon_writer' },
  reverse: REVERSE,
  transformations: [],
  keep: { onPremises: ['pontoon_reader'] },
};

test('the old writer is the primary above the standby that is decoded', () => {
  const plan = deriveCutover(hybridChain(), OPTIONS);
  expect(plan).toEqual({
    migration: 'shop',
    from: 'onPremises',
    to: 'aurora',
    selection: { schemas: ['public'] },
    forward: [
      {
        kind: LinkKind.DMS,
        decoder: 'standby',
        slotName: 'pontoon_aurora',
        writer: 'pontoon_writer',
      },
    ],
    reverse: [{ kind: LinkKind.NATIVE, decoder: 'aurora', ...REVERSE }],
    keep: { onPremises: ['pontoon_reader'] },
    limits: CUTOVER_LIMITS,
  });
  expect(serversOf(plan)).toEqual(['onPremises', 'aurora', 'standby']);
});

test('a rollback is the same plan in the other direction, and its rollback the plan itself', () => {
  const plan = deriveCutover(hybridChain(), OPTIONS);
  const back = rollbackOf(plan);
  expect(back).toMatchObject({
    from: 'aurora',
    to: 'onPremises',
    forward: plan.reverse,
    reverse: plan.forward,
  });
  expect(back === undefined ? undefined : rollbackOf(back)).toEqual(plan);
  expect(rollbackOf(deriveCutover(hybridChain(), { ...OPTIONS, reverse: undefined }))).toBe(
    undefined,
  );
});

test('a promoted standby is the old writer itself', () => {
  const plan = deriveCutover(hybridChain({ promoted: true }), OPTIONS);
  expect(plan.from).toBe('standby');
  expect(plan.forward.map(({ decoder }) => decoder)).toEqual(['standby']);
});

test('roles of a standby are kept on its primary, and those of servers that are left behind nowhere', () => {
  const keep = {
    standby: ['grafana', 'pontoon_reader'],
    onPremises: ['pontoon_reader'],
    aurora: ['metrics'],
  };
  expect(deriveCutover(hybridChain(), { ...OPTIONS, keep }).keep).toEqual({
    onPremises: ['grafana', 'pontoon_reader'],
    aurora: ['metrics'],
  });
  expect(deriveCutover(hybridChain({ promoted: true }), { ...OPTIONS, keep }).keep).toEqual({
    standby: ['grafana', 'pontoon_reader'],
    aurora: ['metrics'],
  });
  expect(() =>
    deriveCutover(hybridChain(), { ...OPTIONS, keep: { standbye: ['grafana'] } }),
  ).toThrow(
    new Error(
      `the cutover of 'shop': 'keep' must name servers of the topology, got 'standbye', which is none of onPremises, standby, aurora; correct the name`,
    ),
  );
});

test('what is left out or renamed on the way there has no way back, unless nobody wants one', () => {
  const topology = hybridChain({
    selection: {
      tables: [
        { schema: 'shop', name: 'orders', columns: ['id'] },
        {
          schema: 'shop',
          name: 'events',
          rowFilters: [{ column: 'id', operator: 'gte' as never, values: ['1'] }],
        },
      ],
    },
  });
  expect(() => deriveCutover(topology, { ...OPTIONS, transformations: RENAMES })).toThrow(
    new Error(
      [
        `the cutover of 'shop' has 3 problems:`,
        `- 'selection.tables.rowFilters' cannot be given where there is a way back, since rows that were left out are not on the new writer; remove it, or declare that there is no rollback`,
        `- 'selection.tables.columns' cannot be given where there is a way back, since columns that were left out are not on the new writer; remove it, or declare that there is no rollback`,
        `- 'transformations' cannot be given where there is a way back, since a native subscription renames nothing; remove it, or declare that there is no rollback`,
      ].join('\n'),
    ),
  );
  const plan = deriveCutover(topology, {
    ...OPTIONS,
    reverse: undefined,
    transformations: RENAMES,
  });
  expect(plan.reverse).toBeUndefined();
  expect(plan.transformations).toEqual(RENAMES);
});

test('only the end of a chain becomes the writer', () => {
  expect(() => deriveCutover(hybridChain(), { ...OPTIONS, to: 'standby' })).toThrow(
    new Error(
      [
        `the cutover of 'shop' has 2 problems:`,
        `- 'to' must be a server with one logical link into it, or native ones from one server, got 'standby' with 0; name the target of the migration`,
        `- 'to' must be the end of its chain, got 'standby', which replicates to 'aurora'; cut over the last server`,
      ].join('\n'),
    ),
  );
});

test('parts are switched together, each by a path there and one back', () => {
  const server = { platform: Platform.AURORA, majorVersion: 17, database: 'shop' };
  const events = { schema: 'shop', name: 'events' };
  const link = { kind: LinkKind.NATIVE, from: 'old', to: 'aurora' };
  const topology = createTopology({
    servers: { old: server, aurora: server },
    links: [
      { ...link, selection: { schemas: ['shop'], exclude: [events] } },
      { ...link, part: 'events', selection: { tables: [events] } },
    ],
  });
  const plan = deriveCutover(topology, {
    ...OPTIONS,
    forward: { subscription: 'pontoon', publication: 'pontoon' },
    keep: {},
  });
  const forward = { kind: LinkKind.NATIVE, decoder: 'old' };
  const reverse = { kind: LinkKind.NATIVE, decoder: 'aurora', publisher: REVERSE.publisher };
  expect(plan).toMatchObject({ from: 'old', to: 'aurora' });
  expect(plan.selection).toEqual({ schemas: ['shop'] });
  expect(plan.forward).toEqual([
    { ...forward, slotName: 'pontoon_aurora', subscription: 'pontoon', publication: 'pontoon' },
    {
      ...forward,
      part: 'events',
      slotName: 'pontoon_aurora_events',
      subscription: 'pontoon_events',
      publication: 'pontoon_events',
    },
  ]);
  expect(plan.reverse).toEqual([
    { ...reverse, ...REVERSE },
    {
      ...reverse,
      part: 'events',
      slotName: 'pontoon_reverse_events',
      subscription: 'pontoon_reverse_events',
      publication: 'pontoon_reverse_events',
    },
  ]);
  expect(serversOf(plan)).toEqual(['old', 'aurora']);
});
