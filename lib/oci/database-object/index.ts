export {
  type DatabaseBinding,
  type DatabaseObjectArgs,
  RunnerAuth,
  type RunnerConnection,
  type RunnerProxy,
} from './args';
export { DatabaseObject } from './database-object';
