export { type ClientTool, findClientTool } from './binaries';
export { LOOPBACK_HBA } from './configuration';
export { createServer, type NewServerOptions } from './create-server';
export { randomPassword, type Superuser } from './data-directory';
export { run } from './run';
export { Server, type ServerOptions } from './server';
export type { Shim } from './shims';
export { Workspace } from './workspace';
