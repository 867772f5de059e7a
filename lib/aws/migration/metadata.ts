import { Lazy, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { plainTopology, type Topology } from '../../postgres';
import type { ServerBinding } from '../server-binding';

const KEY = 'Pontoon';

/** How the source, which nothing here owns, lets others in; the runbook tells its owner. */
export interface SourceAccess {
  /** The role with which objects are made there. */
  readonly administrator: string;
  /** Lines for its pg_hba.conf. */
  readonly hba: string;
}

interface StackMetadata {
  readonly version: 1;
  readonly migrations: Record<string, unknown>;
}

/**
 * Writes `topology` and where its servers are into the stack's Metadata, from which rehearsals, preflight and runbook
 * read what is deployed. Expressions are written as the text of their JSON, since CloudFormation evaluates none there.
 */
export function recordMigration(
  migration: Construct,
  topology: Topology,
  bindings: readonly ServerBinding[],
  source: SourceAccess,
): void {
  const { templateOptions } = Stack.of(migration);
  const known = templateOptions.metadata?.[KEY] as StackMetadata | undefined;
  const record: StackMetadata = known ?? { version: 1, migrations: {} };
  record.migrations[pathInStack(migration)] = {
    topology: plainTopology(topology),
    source: { administrator: source.administrator, hba: plainText(migration, source.hba) },
    bindings: Object.fromEntries(
      bindings.map((binding) => [binding.server, describe(migration, binding)]),
    ),
  };
  templateOptions.metadata = { ...templateOptions.metadata, [KEY]: record };
}

/** Its id, after those of what it stands in: two migrations of one stack may have one id. */
function pathInStack(migration: Construct): string {
  const { scopes } = migration.node;
  const inside = scopes.slice(scopes.indexOf(Stack.of(migration)) + 1);
  return inside.map(({ node }) => node.id).join('/');
}

function describe(scope: Construct, binding: ServerBinding): Record<string, string> {
  const { server: _server, caCertificate: _certificate, ...where } = binding.toConnection();
  return Object.fromEntries(
    Object.entries(where).map(([key, value]) => [key, plainText(scope, value)]),
  );
}

function plainText(scope: Construct, value: string | number): string {
  if (!Token.isUnresolved(value)) return String(value);
  return Lazy.uncachedString({ produce: () => JSON.stringify(Stack.of(scope).resolve(value)) });
}
