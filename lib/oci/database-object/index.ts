export {
  type DatabaseBinding,
  type DatabaseObjectArgs,
  RunnerAuth,
  type RunnerConnection,
  type RunnerProxy,
} from './args';
export { connectionTo } from './binding';
export {
  DatabaseObject,
  proxyWithSecretKey,
  runnerProblems,
  sshTo,
  withSecretKeys,
} from './database-object';
