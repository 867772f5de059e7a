#!/usr/bin/env node
import { runCommandLine } from '../lib/cli';

runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  directory: process.cwd(),
}).then((code) => {
  // Not process.exit, which would cut off what a pipe has not taken yet.
  process.exitCode = code;
});
