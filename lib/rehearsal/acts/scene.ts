import type { Client } from 'pg';
import { serverOf } from '../../postgres';
import type { RehearsalContext } from '../context';
import type { Server } from '../servers';
import { asSuperuser, exactVersion } from '../source';

/** How long a change may take from the source to the target, in milliseconds. */
export const CATCH_UP_MS = 120_000;

/** What acts share that know of no cloud: the servers, and where it is written down what became of them. */
export abstract class Scene {
  public abstract readonly context: RehearsalContext;
  /** The standby, once it streams. */
  public abstract readonly standby: Server | undefined;
  /** The server that stands for the target. Throws a PontoonError if there is none. */
  public abstract readonly target: Server;

  /** The database that is replicated, on the source. */
  public get sourceDatabase(): string {
    return databaseOf(this.context, this.context.chain.source);
  }

  /** The database that is replicated, on the target. */
  public get targetDatabase(): string {
    return databaseOf(this.context, this.context.chain.target);
  }

  /** Writes `server` down as what stands for `name` of the topology. */
  public async addServer(name: string, server: Server, role: string): Promise<void> {
    const version = await exactVersion(server);
    this.context.findings.servers.push({ name, server, role, version });
  }

  /** Runs `work` with a superuser's connections to `source` and to the target. */
  public async withBoth<Result>(
    source: Server,
    work: (from: Client, to: Client) => Promise<Result>,
  ): Promise<Result> {
    return await asSuperuser(
      source,
      this.sourceDatabase,
      async (from) =>
        await asSuperuser(this.target, this.targetDatabase, async (to) => await work(from, to)),
    );
  }
}

function databaseOf({ rehearsed }: RehearsalContext, server: string): string {
  return serverOf(rehearsed.topology, server).database;
}
