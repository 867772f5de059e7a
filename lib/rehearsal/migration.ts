import { createTopology, PontoonError, type Topology, type TopologyProps } from '../postgres';
import { type AssemblyStack, type CloudAssembly, findStack, recordOf } from './assembly';

/** A migration as the stack's Metadata records it. */
export interface RecordedMigration {
  /** The construct's path in its stack: its id, after those of what it stands in. */
  readonly name: string;
  readonly stack: AssemblyStack;
  readonly topology: Topology;
  /** Where each server is: plain values, or the JSON text of an expression. */
  readonly bindings: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** How the source lets others in. */
  readonly source: { readonly administrator: string; readonly hba: string };
}

/**
 * Reads the migration of a stack.
 *
 * @throws PontoonError if the stack records none, or several and `name` picks none of them.
 */
export function readMigration(
  assembly: CloudAssembly,
  stackName: string,
  name?: string,
): RecordedMigration {
  const stack = findStack(assembly, stackName);
  const migrations = recordOf(recordOf(stack.template.metadata.Pontoon).migrations);
  const names = Object.keys(migrations);
  const chosen = name ?? names[0];
  if (chosen === undefined || !names.includes(chosen) || (name === undefined && names.length > 1)) {
    throw new PontoonError(
      'NO_MIGRATION',
      `stack '${stackName}' must record one migration to rehearse, got ${names.length === 0 ? 'none' : names.map((known) => `'${known}'`).join(', ')}; ${names.length === 0 ? 'add a HybridMigration to it' : "name one of them by 'migration'"}`,
    );
  }
  const record = recordOf(migrations[chosen]);
  const source = recordOf(record.source);
  return {
    name: chosen,
    stack,
    topology: createTopology(record.topology as TopologyProps),
    bindings: record.bindings as RecordedMigration['bindings'],
    source: { administrator: String(source.administrator), hba: String(source.hba) },
  };
}
