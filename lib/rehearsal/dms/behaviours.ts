/** A behaviour of AWS DMS that the stand-in reproduces, each shown by a test of the same name. */
export interface DmsBehaviour {
  /** What a test of this behaviour is called. */
  readonly name: string;
  /** What it rests on, in our words. */
  readonly source: string;
}

/** Something of AWS DMS that the stand-in does not do. */
export interface DmsDifference {
  readonly name: string;
  readonly reason: string;
}

const SOURCE_GUIDE = 'DMS user guide, PostgreSQL as a source: ';
const TARGET_GUIDE = 'DMS user guide, PostgreSQL as a target: ';
const SETTINGS_GUIDE = 'DMS user guide, task settings: ';
const MAPPING_GUIDE = 'DMS user guide, table mapping: ';
const API = 'DMS API reference: ';

/** What the stand-in reproduces. */
export const dmsStandInBehaviours: readonly DmsBehaviour[] = [
  {
    name: 'reads the named slot with test_decoding',
    source: `${SOURCE_GUIDE}an endpoint names its slot and one of the plugins test_decoding and pglogical.`,
  },
  {
    name: 'never creates a slot on a standby',
    source: `${SOURCE_GUIDE}on a read replica DMS cannot create the slot, it has to exist and be named.`,
  },
  {
    name: 'creates and later drops a slot of its own on a primary',
    source: `${SOURCE_GUIDE}without a named slot DMS makes one for the task and removes it with the task.`,
  },
  {
    name: 'refuses DDL capture and heartbeats on a standby',
    source: `${SOURCE_GUIDE}both write to the source; read-only servers cannot be written to.`,
  },
  {
    name: 'refuses a wal_sender_timeout from 1 to 9999 ms',
    source: `${SOURCE_GUIDE}the timeout must be off or at least ten seconds, otherwise the task fails.`,
  },
  {
    name: 'fails when the slot is missing or invalidated',
    source: `${SOURCE_GUIDE}log that was removed from a slot, for example by max_slot_wal_keep_size, fails the task.`,
  },
  {
    name: 'starts a cdc task at its CdcStartPosition',
    source: `${SOURCE_GUIDE}a CDC task with a named slot needs a start position no older than the slot's confirmed one.`,
  },
  {
    name: 'selects tables by include, exclude and explicit rules',
    source: `${MAPPING_GUIDE}a table is migrated if an include or explicit rule names it and no exclude rule does; % is the wildcard.`,
  },
  {
    name: 'filters rows by alternatives within a filter and by all filters together',
    source: `${MAPPING_GUIDE}the conditions of one filter are joined by OR, several filters by AND, whether on one column or on several.`,
  },
  {
    name: 'drops a filtered DELETE whose filter column is not in the key',
    source: `${SOURCE_GUIDE}filters without the primary key lose DELETE operations.`,
  },
  {
    name: 'renames schemas, tables and columns and leaves columns out',
    source: `${MAPPING_GUIDE}transformation rules rename, convert case, change prefixes and suffixes, remove and include columns; one rule for each object.`,
  },
  {
    name: 'applies as an ordinary session without a replication origin',
    source: `${TARGET_GUIDE}DMS connects as a user of the database and runs statements; nothing marks them as replicated.`,
  },
  {
    name: 'tolerates changes that overlap with the full load',
    source: `${SETTINGS_GUIDE}FullLoadIgnoreConflicts (on by default) ignores duplicates and missing rows of changes that were cached during the load.`,
  },
  {
    name: 'ignores UPDATE and DELETE without a primary key',
    source: `${SOURCE_GUIDE}a captured table must have a primary key, or its updates and deletes are ignored.`,
  },
  {
    name: 'ignores an update of a primary key',
    source: `${SOURCE_GUIDE}attempts to update a key segment hit no row of the target and are not logged as exceptions.`,
  },
  {
    name: 'ignores TRUNCATE',
    source: `${SOURCE_GUIDE}change processing of TRUNCATE is not supported.`,
  },
  {
    name: 'does not capture DDL',
    source: `${SOURCE_GUIDE}with CaptureDdls off, DDL does not reach the target.`,
  },
  {
    name: 'rounds numerics without precision to (28,6)',
    source: `${SOURCE_GUIDE}NUMERIC without precision is mapped to precision 28 and scale 6.`,
  },
  {
    name: 'cuts large values to LobMaxSize, or fails if told so',
    source: `${SETTINGS_GUIDE}limited LOB mode truncates; FailTasksOnLobTruncation makes the task fail instead.`,
  },
  {
    name: 'suspends a table with an array column and no primary key',
    source: `${SOURCE_GUIDE}the ARRAY type needs a primary key; such a table is suspended during the full load.`,
  },
  {
    name: 'sends booleans as the texts true and false',
    source: `${SOURCE_GUIDE}unless MapBooleanAsBoolean is set on both endpoints, a boolean is a varchar(5).`,
  },
  {
    name: 'resumes where the slot stands and repeats what was not confirmed',
    source: `${SETTINGS_GUIDE}without task recovery on the target, a resumed task reads again from its last checkpoint.`,
  },
  {
    name: 'tries a lost connection again',
    source: `${SETTINGS_GUIDE}RecoverableErrorCount and RecoverableErrorInterval decide how often and when.`,
  },
  {
    name: 'prepares target tables by TargetTablePrepMode',
    source: `${SETTINGS_GUIDE}DO_NOTHING leaves the rows of the target, TRUNCATE_BEFORE_LOAD removes them.`,
  },
  {
    name: 'stops after the full load or the cached changes if told so',
    source: `${SETTINGS_GUIDE}StopTaskCachedChangesNotApplied and StopTaskCachedChangesApplied.`,
  },
  {
    name: 'obeys the apply error policies',
    source: `${SETTINGS_GUIDE}ApplyErrorInsertPolicy, ApplyErrorUpdatePolicy, ApplyErrorDeletePolicy and TableErrorPolicy.`,
  },
  {
    name: 'runs AfterConnectScript in its sessions',
    source: `${TARGET_GUIDE}AfterConnectScript can set session_replication_role to replica, so that triggers and foreign keys rest.`,
  },
  {
    name: 'makes its control tables in the ControlSchema',
    source: `${SETTINGS_GUIDE}a task that replicates keeps tables of its own on the target, in the schema that ControlTablesSettings names, otherwise in public.`,
  },
  {
    name: 'refuses tasks that select no table',
    source: `${SETTINGS_GUIDE}FailOnNoTablesCaptured fails a task whose mappings find nothing.`,
  },
  {
    name: 'answers the DMS API like the service, with its states',
    source: `${API}a task that runs cannot be started or modified, one that does not cannot be stopped: InvalidResourceStateFault.`,
  },
];

/** What the stand-in leaves out; a rehearsal's report lists it. */
export const dmsStandInNotReproduced: readonly DmsDifference[] = [
  {
    name: 'tables made by DMS (DROP_AND_CREATE, missing tables)',
    reason: 'the schema is copied beforehand; the stand-in refuses the task',
  },
  {
    name: 'the pglogical plugin',
    reason: 'the embedded servers do not hold it; the stand-in refuses the task',
  },
  {
    name: 'DDL capture and heartbeats on a primary',
    reason: 'both are off in what we deploy; nothing is written to the source',
  },
  {
    name: 'rows of control tables (awsdms_apply_exceptions, awsdms_txn_state, …), and those in public',
    reason:
      'exceptions are counted and reported instead; a resume repeats, as without a recovery table; without a ControlSchema none are made',
  },
  { name: 'data validation and resync', reason: 'the rehearsal compares the servers itself' },
  {
    name: 'batch apply',
    reason: 'changes are applied in order, transaction by transaction; the outcome is the same',
  },
  {
    name: 'CommitTimeout and other waiting',
    reason: 'a commit follows as soon as nothing more is waiting, so latency is not DMS’s',
  },
  {
    name: 'caching changes outside of the source',
    reason: 'during the load changes stay in the slot, so the source keeps more log than with DMS',
  },
  {
    name: 'spilling of large transactions',
    reason: 'a transaction is held in memory until its commit is read',
  },
  {
    name: 'views, parallel-load, load-order, add-column, change-data-type, define-primary-key, before images, masking',
    reason:
      'not used by our mappings; the stand-in refuses such rules, except that it loads each table in one piece and in any order',
  },
  {
    name: 'CdcStartPosition as a checkpoint of DMS',
    reason: 'its format is not published; the stand-in refuses it',
  },
  {
    name: 'data error counts and escalation, throttling of retries',
    reason: 'only the policies themselves are obeyed',
  },
  {
    name: 'the unit of LobMaxSize for multi-byte text',
    reason: 'the stand-in counts bytes of UTF-8; DMS may count otherwise',
  },
  {
    name: 'NaN and infinities',
    reason:
      'what DMS makes of them is not written down; the stand-in keeps them, except infinite numerics without precision, which do not fit (28,6)',
  },
  {
    name: 'generated columns',
    reason: 'what DMS does is not written down; the stand-in leaves out what the target generates',
  },
  {
    name: 'TRUNCATE of tables that foreign keys refer to',
    reason: 'the server’s own error suspends the table; whether DMS cascades is not written down',
  },
  {
    name: 'performance',
    reason: 'figures of a rehearsal say nothing about a replication instance',
  },
];
