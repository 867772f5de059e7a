export {
  type HostArchive,
  type HostClient,
  type HostLogins,
  type HostMachine,
  HostSslMode,
  type HostTls,
  type PostgresHostArgs,
} from './args';
export { HOST_PORT } from './parameters';
export { PostgresHost } from './postgres-host';
