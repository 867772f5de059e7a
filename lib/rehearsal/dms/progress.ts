import type { QualifiedName } from '../../postgres';

/** States of a DMS task. */
export type DmsTaskStatus = 'ready' | 'starting' | 'running' | 'stopping' | 'stopped' | 'failed';

/** States of a table, as DescribeTableStatistics names them. */
export type TableStateName =
  | 'Before load'
  | 'Full load'
  | 'Table completed'
  | 'Table error'
  | 'Table is being reloaded';

/** What the stand-in reports while it works. */
export type DmsProgress =
  | { readonly type: 'status'; readonly status: DmsTaskStatus; readonly reason: string | undefined }
  | {
      readonly type: 'table';
      readonly table: QualifiedName;
      readonly state: TableStateName;
      readonly rows: number;
    }
  | {
      readonly type: 'committed';
      readonly position: string;
      readonly changes: number;
      readonly latencyMs: number | undefined;
    }
  | {
      readonly type: 'exception';
      readonly table: QualifiedName;
      readonly action: string;
      readonly reason: string;
    }
  | { readonly type: 'warning'; readonly message: string };

/** Receives what is reported. */
export type ProgressListener = (progress: DmsProgress) => void;
