/** How a command ended, as the process's exit code. */
export enum ExitCode {
  /** Everything is as it must be. */
  FINE = 0,
  /** Something is not, or could not be done. */
  FAILED = 1,
  /** The command line or its input cannot be understood. */
  USAGE = 2,
  /** Something could not be checked, which never counts as fine. */
  UNCHECKED = 3,
}
