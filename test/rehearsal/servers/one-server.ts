// A program that starts a server, says where, and then ends as its argument says. It runs from a
// bundle, as a process of its own.
import { createServer, Workspace } from '../../../lib/rehearsal/servers';

async function main(): Promise<void> {
  const workspace = await Workspace.open();
  const server = await createServer(workspace, { name: 'a', major: 17 });
  await server.start();
  process.stdout.write(
    `${JSON.stringify({ directory: workspace.directory, pid: server.pid, log: server.logFile })}\n`,
  );
  if (process.argv[2] === 'throw') setImmediate(throwUncaught);
  if (process.argv[2] === 'exit') process.exit(7);
  if (process.argv[2] === 'dispose') await workspace.dispose();
}

function throwUncaught(): never {
  throw new Error('uncaught');
}

void main();
