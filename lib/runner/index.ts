export { type ConnectOptions, connect, withConnection } from './connect';
export { Ledger } from './ledger';
export { type PreflightClient, runPreflight } from './preflight';
export {
  apply,
  drop,
  type Outcome,
  plan,
  type ReconcileClients,
  type ReconcileRequest,
} from './reconcile';
export { run, runOne, SqlError } from './run';
export { type ScramOptions, scramVerifier } from './scram';
export { environmentSecrets, staticSecrets } from './secrets';
export { type Verification, type VerifyOptions, verifyTables } from './verify';
export type { TableVerification } from './verify-table';
export { type Probe, type WaitOptions, waitUntil } from './wait';
