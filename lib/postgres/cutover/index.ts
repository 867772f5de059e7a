export { letApply, type UnwritableTable, unwritableTable } from './apply-rights';
export {
  canaryArrived,
  confirmed,
  logEnd,
  replayed,
  writeCanary,
} from './canary';
export {
  type PublishedTable,
  unfollowed,
  unidentified,
  unloggedTable,
  unpublished,
} from './carried';
export { type CutoverOptions, deriveCutover, type ReverseOptions } from './derive';
export {
  admittedBy,
  admittedTo,
  type ClosedAccess,
  fenceStatements,
  givenByFence,
  grantsOfOthers,
  letInWithKept,
  liftStatements,
  type ObservedAccess,
  type OtherSession,
  observeAccess,
  otherSessions,
  preparedTransactions,
  sessionsOfRunner,
  terminate,
  unfencedLogins,
} from './fence';
export {
  entriesOf,
  finalizedHere,
  noteFinalWriter,
  replicatingLogins,
  replicationReader,
} from './finalize';
export {
  furniture,
  type Gate,
  loggedLogins,
  longTransactions,
  longWrites,
  mayDecode,
  mayEndSessions,
  mayFence,
  missingRoles,
  slotLag,
  superuserSessions,
  writingLogins,
} from './gates';
export {
  cutoverOwner,
  holdEntry,
  holdLogin,
  holdsAnything,
  isLetIn,
  keepEntry,
  keptFor,
  markLetIn,
  migrationOfOwner,
  releaseEntries,
  releaseLogin,
  unkeepEntries,
} from './hold';
export { type CutoverInput, parseCutover, serversOf } from './input';
export {
  abandonJournal,
  closeJournal,
  createJournal,
  decide,
  fencesOfOthers,
  findJournal,
  forgetJournal,
  type JournalEntry,
  journalExists,
  lockJournal,
  markOpened,
  markQuiet,
  takeOver,
  takeWalkLock,
  undecide,
  waitForDisk,
  whoWalks,
  writeJournal,
} from './journal';
export {
  allowLogin,
  countSessionsOf,
  createSlot,
  dropSlot,
  endSessionsOf,
  endSlotReader,
  grantConnect,
  logRunningTransactions,
  mayAllowLogin,
  slotState,
} from './paths';
export { PGLOGICAL_SUBSCRIPTIONS } from './pglogical';
export {
  CUTOVER_STEPS,
  CutoverPhase,
  type CutoverStep,
  type CutoverStepId,
  cutoverStep,
} from './phases';
export {
  CUTOVER_LIMITS,
  type CutoverLimits,
  type CutoverPlan,
  LONGEST_BUDGET_MS,
  loginsProblems,
  type ReplicationPath,
  rollbackOf,
  usesPglogical,
} from './plan';
export {
  createQuietSlot,
  createTrialSlot,
  dropQuietSlot,
  dropTrialSlot,
  foreignWrites,
  quietSlotExists,
  quietSlotName,
  trialSlotNames,
} from './quiet';
export { type RenamedComparison, renamedDifferences } from './renamed-schema';
export {
  administrators,
  type GrantedRights,
  hindrances,
  lackingRights,
  rightsOfLogins,
  rightsOfRoles,
} from './rights';
export { type Room, type RoomSetting, room } from './room';
export {
  describeSchema,
  missingExtensions,
  type PlacedPart,
  type SchemaPart,
  schemaDifferences,
} from './schema';
export { schemaMark } from './schema-mark';
export {
  calledSequences,
  type FoundSequence,
  isAhead,
  type ListedSequence,
  listSequences,
  pairSequences,
  readSequences,
  SEQUENCES_AT_ONCE,
  type SequencePair,
  type SequencePosition,
  type SequenceState,
  sequencePosition,
  setSequences,
} from './sequences';
export { slotLoss } from './slot-loss';
export { analyze, staleStatistics } from './statistics';
export {
  type CutoverObservation,
  type CutoverState,
  type FinalState,
  type PathState,
  stateOf,
} from './status';
export {
  countingFrom,
  mayStampSlots,
  metErrors,
  type StreamIdentity,
  slotIdentity,
  stampSlot,
  unbroken,
} from './stream';
export {
  NATIVE_SUBSCRIPTIONS,
  type ReversePath,
  type SubscriptionSql,
} from './subscription-sql';
export {
  type CarryingSql,
  type ChangedTable,
  changedTables,
  type MarkedTable,
  marksOf,
  REWRITTEN,
  type SourceMark,
  sourceMarks,
  type TableMark,
  type TargetMark,
  targetMarks,
} from './table-mark';
export { countExceptions, exceptionTables, partitionsOf } from './task-tables';
export { jobsAreHidden, unfencedJobs, whereJobsAre } from './unattended';
export {
  beginVerification,
  bytesOf,
  createVerification,
  findVerification,
  forgetVerification,
  selectedTables,
  verificationExists,
  writeVerification,
} from './verified';
