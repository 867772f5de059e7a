import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parsePromotion, RejoinMode } from '../../../postgres';
import { rejoin } from '../../../runner';
import { findClientTool, type Server, type StandIn } from '../../servers';
import { run } from '../../servers/run';
import type { Cluster } from './cluster';

/** What takes the place of pg_rewind where it is not installed. */
export const FRESH_COPY_STAND_IN: StandIn = {
  name: 'pg_rewind',
  reason: 'no PostgreSQL of this major is installed here whose pg_rewind could be run',
  behaviours: ['the old primary is copied anew, without what it alone had written'],
  notReproduced: ['that only what differs is copied', 'the script that a host would run'],
};

/** Has the server `name`, which was killed as a primary, follow `primary`, without what nobody else had. */
export async function rejoinServer(cluster: Cluster, name: string, primary: string): Promise<void> {
  const server = cluster.server(name);
  const program = await findClientTool(server.major, 'pg_rewind');
  if (program !== undefined) {
    await rewind(cluster, server, dirname(program));
    return;
  }
  cluster.standIns.push(FRESH_COPY_STAND_IN);
  await cluster.follow(name, primary);
}

/** By the very script that its operator would run on the host. */
async function rewind(cluster: Cluster, server: Server, binDirectory: string): Promise<void> {
  const { workspace } = cluster.context;
  const { dataDirectory } = server;
  const { script } = await rejoin(
    {
      input: parsePromotion(cluster.promotion()),
      server: server.name,
      mode: RejoinMode.REWIND,
      places: { dataDirectory, configFile: join(dataDirectory, 'postgresql.conf'), binDirectory },
    },
    { secrets: cluster.logins },
  );
  const file = join(await workspace.makeDirectory('script'), 'rejoin.sh');
  await writeFile(file, script);
  await workspace.giveAway(file);
  // The server is started here, as every other one, and not by a service manager.
  await run(workspace, 'bash', [file], { env: { STOP: 'true', START: 'true' } });
  await server.start();
}
