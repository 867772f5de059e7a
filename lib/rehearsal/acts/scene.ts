import type { Client } from 'pg';
import { PontoonError, serverOf } from '../../postgres';
import { concludeSecrets } from '../checks/conclusions';
import { leftoversOn } from '../checks/leftovers';
import { MetricReader } from '../checks/metric-reader';
import type { ScannedText } from '../checks/secret-scan';
import type { CloudFormationStandIn } from '../cloudformation';
import type { RehearsalContext } from '../context';
import type { Server } from '../servers';
import { asSuperuser, exactVersion } from '../source';
import { Stage } from '../stage';

/** How long a change may take from the source to the target, in milliseconds. */
export const CATCH_UP_MS = 120_000;

/** What the acts of one rehearsal share: its cloud, and what was written meanwhile. */
export class Scene {
  /** What must hold no secret, beside logs and templates. */
  public readonly texts: ScannedText[] = [];

  private constructor(
    public readonly context: RehearsalContext,
    public readonly stage: Stage,
    public readonly cloud: CloudFormationStandIn,
    public readonly metrics: MetricReader,
    private readonly logs: readonly string[],
  ) {}

  /** Starts the cloud. */
  public static async open(context: RehearsalContext): Promise<Scene> {
    const { recorder, migration, chain, workspace, findings, signal } = context;
    const metrics = new MetricReader(chain);
    const logs: string[] = [];
    const stage = await Stage.set({
      ...(signal === undefined ? {} : { signal }),
      workspace,
      migration,
      recorder,
      target: chain.target,
      onScheduleFailure: (rule, reason) =>
        findings.problems.push(`the schedule '${rule}' failed: ${reason}`),
      onLog: (line) => {
        logs.push(line);
        const sample = metrics.read(line, recorder.now());
        if (sample !== undefined) recorder.sample(sample);
      },
      // Only its slots are the standby's own; the rest of it is a copy of the source, which is looked at later.
      onStandbyEnd: async (server) => {
        const left = await leftoversOn(server, databaseOf(context, chain.source), []);
        findings.leftovers.push(...left.filter((what) => what.startsWith('slot')));
      },
    });
    return new Scene(context, stage, await stage.cloudFormation(), metrics, logs);
  }

  /** Ends the cloud, and looks for secrets in what was written. */
  public async close(): Promise<void> {
    const { stage, cloud, context } = this;
    await stage.close();
    await cloud.close();
    context.findings.standIns.push(...stage.standIns());
    context.findings.shims.push(...stage.shims());
    const log = { place: 'log of the handler', text: this.logs.join('\n') };
    await concludeSecrets(context, stage.secretValues(), [...this.texts, log]);
  }

  /** The database that is replicated, on the source. */
  public get sourceDatabase(): string {
    return databaseOf(this.context, this.context.chain.source);
  }

  /** The database that is replicated, on the target. */
  public get targetDatabase(): string {
    return databaseOf(this.context, this.context.chain.target);
  }

  /** The server that stands for the target. Throws a PontoonError if the stack made none. */
  public get target(): Server {
    const { target } = this.stage;
    if (target !== undefined) return target.server;
    throw new PontoonError(
      'NO_TARGET',
      `the stack must make '${this.context.chain.target}', got no cluster; rehearse a stack with a new target`,
    );
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

function databaseOf({ migration }: RehearsalContext, server: string): string {
  return serverOf(migration.topology, server).database;
}
