#!/usr/bin/env node
import { runCommandLine } from '../lib/cli';

// Whoever reads may have read enough, as `head` does; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

void runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  directory: process.cwd(),
}).then((code) => {
  // Not process.exit, which would cut off what a pipe has not taken yet.
  process.exitCode = code;
});
