import { SchemaChanges } from '../../lib/aws';
import { synthesize as aurora } from './aurora-migration/fixture';
import { synthesize as hybrid } from './hybrid/fixture';

// What becomes of changes to the source's schemas, in both migrations.

describe.each([
  ['HybridMigration', hybrid, 'onPremises'],
  ['AuroraMigration', aurora, 'source'],
] as const)('%s', (_name, synthesize, source) => {
  test('watches no schema unless it is told to, since that takes a superuser', () => {
    expect(synthesize().graph.ofType('Custom::PontoonDdlLedger')).toEqual([]);
  });

  test.each([
    [SchemaChanges.RECORDED, false],
    [SchemaChanges.REFUSED, true],
  ])('schema changes are %s from before the schema is copied', (schemaChanges, frozen) => {
    const { graph, template } = synthesize({ props: { schemaChanges } });
    template.hasResourceProperties('Custom::PontoonDdlLedger', {
      server: source,
      spec: { kind: 'ddl-ledger', schemas: ['shop'], frozen },
    });
    const ledger = graph.only('Custom::PontoonDdlLedger');
    expect(graph.needs(graph.only('Custom::PontoonSchemaCopy'))).toContain(ledger);
    expect(graph.circles()).toEqual([]);
  });
});
