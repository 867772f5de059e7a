export { type ConnectOptions, connect, withConnection } from './connect';
export {
  abandon,
  type CutoverEvent,
  type CutoverOutcome,
  type CutoverRequest,
  type CutoverServices,
  cutover,
  type FinalComparison,
  type ReplicationTask,
  type SwitchedEndpoint,
} from './cutover';
export { CLEAN_UP_MS, Deadline } from './deadline';
export { Ledger } from './ledger';
export { type PreflightClient, runPreflight } from './preflight';
export { apply, drop, plan } from './reconcile';
export type { Outcome, ReconcileClients, ReconcileRequest } from './reconcile-request';
export { run, runOne, SqlError } from './run';
export { type ScramOptions, scramVerifier } from './scram';
export { environmentSecrets, staticSecrets } from './secrets';
export { type Verification, type VerifyOptions, verifyTables } from './verify';
export type { TableVerification } from './verify-table';
export { type Probe, type WaitOptions, waitUntil } from './wait';
