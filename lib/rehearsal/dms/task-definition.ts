import type { Client, ClientConfig } from 'pg';
import type { Lsn } from '../../postgres';
import type { DmsEndpointSettings } from './endpoint-settings';
import type { MappingRules } from './mapping-rule';
import type { ProgressListener } from './progress';
import type { DmsMigrationType } from './task-options';
import type { DmsTaskSettings } from './task-settings';

/** How a run begins. */
export type RunKind = 'start' | 'resume' | 'reload';

/** Why a run ended by itself or on demand, in DMS's words. */
export type StopReason =
  | 'NORMAL'
  | 'FULL_LOAD_ONLY_FINISHED'
  | 'STOPPED_AFTER_FULL_LOAD'
  | 'STOPPED_AFTER_CACHED_EVENTS';

/** A task's definition, checked. */
export interface TaskDefinition {
  readonly migrationType: DmsMigrationType;
  readonly rules: MappingRules;
  readonly settings: DmsTaskSettings;
  readonly slotName: string | undefined;
  readonly cdcStartPosition: Lsn | undefined;
  readonly sourceSettings: DmsEndpointSettings;
  readonly mapBooleanAsBoolean: boolean;
}

/** Where a run gets its sessions, and whom it tells. */
export interface RunServers {
  readonly source: ClientConfig;
  readonly openSource: () => Promise<Client>;
  readonly openTarget: () => Promise<Client>;
  readonly report: ProgressListener;
}
