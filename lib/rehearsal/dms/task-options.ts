import type { ClientConfig } from 'pg';
import { type Lsn, PontoonError, Problems, parseLsn } from '../../postgres';
import type { DmsEndpointSettings } from './endpoint-settings';
import type { ProgressListener } from './progress';

/** What a task migrates: the rows that are there, the changes from now on, or both. */
export type DmsMigrationType = 'full-load' | 'cdc' | 'full-load-and-cdc';

/** A task as its template describes it, with servers to run it on. */
export interface DmsStandInOptions {
  /** The server that rows and changes are read from: a standby or a primary. */
  readonly source: ClientConfig;
  /** The server that they are written to. */
  readonly target: ClientConfig;
  /** The source endpoint's PostgreSqlSettings, as in the template. @default - DMS's defaults */
  readonly sourceSettings?: unknown;
  /** The target endpoint's PostgreSqlSettings, as in the template. @default - DMS's defaults */
  readonly targetSettings?: unknown;
  /** The task's table mappings: JSON text or an object. */
  readonly tableMappings: unknown;
  /** The task's settings: JSON text or an object. */
  readonly taskSettings: unknown;
  readonly migrationType: DmsMigrationType;
  /** The slot on the source. @default - `SlotName` of sourceSettings; without any, a slot of its own on a primary */
  readonly slotName?: string;
  /** The output plugin. @default - `PluginName` of sourceSettings */
  readonly pluginName?: string;
  /** The position that CDC starts at. @default - where the slot stands */
  readonly cdcStartPosition?: string;
  /** Hears what happens. @default - nobody does */
  readonly onProgress?: ProgressListener;
}

/** Throws a ValidationError unless plugin and slot are what the stand-in can use. */
export function checkOptions(options: DmsStandInOptions, settings: DmsEndpointSettings): void {
  const problems = new Problems();
  const plugin = options.pluginName ?? settings.pluginName;
  if (plugin === 'pglogical') {
    problems.add(
      "'pluginName' must be test-decoding for the DMS stand-in, got pglogical; it does not reproduce that plugin",
    );
  } else if (plugin !== 'test-decoding' && options.migrationType !== 'full-load') {
    problems.add(
      `'pluginName' must be test-decoding or pglogical, got ${JSON.stringify(plugin)}; other plugins are not for DMS`,
    );
  }
  for (const [name, given] of [
    ['slotName', settings.slotName],
    ['pluginName', settings.pluginName],
  ] as const) {
    const own = options[name];
    problems.addIf(
      own !== undefined && given !== undefined && own !== given,
      `'${name}' must be the one of sourceSettings, got ${JSON.stringify(own)} and ${JSON.stringify(given)}; give it once`,
    );
  }
  problems.throwIfAny('DMS task');
}

/** The position that CDC starts at, if one is given. Throws where one is needed, or cannot be read. */
export function checkStartPosition(
  options: DmsStandInOptions,
  slot: string | undefined,
): Lsn | undefined {
  const position = options.cdcStartPosition;
  if (position === undefined || position === '') {
    if (options.migrationType !== 'cdc' || slot === undefined) return undefined;
    throw new PontoonError(
      'INVALID',
      "'cdcStartPosition' is required by a cdc task with a slot of its own, got none; take the slot's confirmed_flush_lsn",
    );
  }
  if (position.startsWith('checkpoint:')) {
    throw new PontoonError(
      'INVALID',
      "'cdcStartPosition' must be a log position for the DMS stand-in, got a checkpoint of DMS; give a position such as 4AF/B00000D0",
    );
  }
  parseLsn(position);
  return position;
}
