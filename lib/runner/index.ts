export { type ConnectOptions, connect, withConnection } from './connect';
export { type ScramOptions, scramVerifier } from './scram';
export { environmentSecrets, staticSecrets } from './secrets';
export { type Probe, type WaitOptions, waitUntil } from './wait';
