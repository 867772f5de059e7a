import type { Construct, IDependable } from 'constructs';
import { selectedSchemas, type TableSelection } from '../../postgres';
import { DdlLedger } from '../objects';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';

/** What becomes of changes to the source's schemas while they are migrated. Nothing replicates them. */
export enum SchemaChanges {
  /** Nobody looks before a cutover, which refuses schemas that differ. */
  UNWATCHED = 'unwatched',
  /** Each is written down on the source, and told where schemas differ. */
  RECORDED = 'recorded',
  /** Each fails, until the migration is finalized. */
  REFUSED = 'refused',
}

/** What is watched, and for whom. */
export interface WatchedSchemas {
  /** What was chosen. */
  readonly schemaChanges: SchemaChanges | undefined;
  /** What is replicated. */
  readonly selection: TableSelection;
  /** The function that makes objects. */
  readonly runner: RunnerFunction;
  /** The server that applications write to. */
  readonly server: ServerBinding;
}

/** Watches the schemas on the source; what copies them should wait for what is returned. */
export function watchSchemas(
  scope: Construct,
  { schemaChanges = SchemaChanges.UNWATCHED, selection, runner, server }: WatchedSchemas,
): IDependable[] {
  if (schemaChanges === SchemaChanges.UNWATCHED) return [];
  return [
    new DdlLedger(scope, 'SourceChanges', {
      runner,
      server,
      schemas: selectedSchemas(selection),
      frozen: schemaChanges === SchemaChanges.REFUSED,
    }),
  ];
}
