import {
  CUTOVER_LIMITS,
  type CutoverOptions,
  deriveCutover,
  LinkKind,
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
const OPTIONS: CutoverOptions = {
  migration: 'shop',
  to: 'aurora',
  forward: { writer: 'pontoon_writer' },
  reverse: REVERSE,
  transformed: false,
  keep: { onPremises: ['pontoon_reader'] },
};

test('the old writer is the primary above the standby that is decoded', () => {
  const plan = deriveCutover(hybridChain(), OPTIONS);
  expect(plan).toEqual({
    migration: 'shop',
    from: 'onPremises',
    to: 'aurora',
    selection: { schemas: ['public'] },
    forward: {
      kind: LinkKind.DMS,
      decoder: 'standby',
      slotName: 'pontoon_aurora',
      writer: 'pontoon_writer',
    },
    reverse: { kind: LinkKind.NATIVE, decoder: 'aurora', ...REVERSE },
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
  expect(plan.forward.decoder).toBe('standby');
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
  expect(() => deriveCutover(topology, { ...OPTIONS, transformed: true })).toThrow(
    new Error(
      [
        `the cutover of 'shop' has 3 problems:`,
        `- 'selection.tables.rowFilters' cannot be given where there is a way back, since rows that were left out are not on the new writer; remove it, or declare that there is no rollback`,
        `- 'selection.tables.columns' cannot be given where there is a way back, since columns that were left out are not on the new writer; remove it, or declare that there is no rollback`,
        `- 'transformations' cannot be given where there is a way back, since a native subscription renames nothing; remove it, or declare that there is no rollback`,
      ].join('\n'),
    ),
  );
  expect(
    deriveCutover(topology, { ...OPTIONS, reverse: undefined, transformed: true }).reverse,
  ).toBeUndefined();
});

test('only the end of a chain becomes the writer', () => {
  expect(() => deriveCutover(hybridChain(), { ...OPTIONS, to: 'standby' })).toThrow(
    new Error(
      [
        `the cutover of 'shop' has 2 problems:`,
        `- 'to' must be a server with one logical link into it, got 'standby' with 0; name the target of the migration`,
        `- 'to' must be the end of its chain, got 'standby', which replicates to 'aurora'; cut over the last server`,
      ].join('\n'),
    ),
  );
});
