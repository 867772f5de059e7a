import { PontoonError, serverOf } from '../../postgres';
import { concludeSecrets } from '../checks/conclusions';
import { leftoversOn } from '../checks/leftovers';
import { MetricReader } from '../checks/metric-reader';
import { ProcessWatch } from '../checks/process-watch';
import type { ScannedText, Unsearched } from '../checks/secret-scan';
import { keptStatements } from '../checks/statements';
import type { CloudFormationStandIn, StackResult } from '../cloudformation';
import type { StackContext } from '../context';
import type { Server } from '../servers';
import { Stage } from '../stage';
import { Scene } from './scene';

interface NamedServer {
  /** In the topology. */
  readonly name: string;
  readonly server: Server;
}

/** What must hold no secret, beside the logs of the servers. */
interface SeenTexts {
  /** Lines that the handler wrote. */
  readonly logs: string[];
  readonly events: string[];
  readonly others: (ScannedText | Unsearched)[];
}

/** What the acts of a stack's rehearsal share: its cloud, and what was written meanwhile. */
export class StackScene extends Scene {
  private readonly processes = new ProcessWatch();

  private constructor(
    public readonly context: StackContext,
    public readonly stage: Stage,
    public readonly cloud: CloudFormationStandIn,
    public readonly metrics: MetricReader,
    private readonly seen: SeenTexts,
  ) {
    super();
  }

  /** Starts the cloud. */
  public static async open(context: StackContext): Promise<StackScene> {
    const { recorder, migration, chain, workspace, findings, signal } = context;
    const metrics = new MetricReader(chain);
    const seen: SeenTexts = { logs: [], events: [], others: [] };
    const stage = await Stage.set({
      ...(signal === undefined ? {} : { signal }),
      workspace,
      migration,
      recorder,
      target: chain.target,
      onScheduleFailure: (rule, reason) =>
        findings.problems.push(`the schedule '${rule}' failed: ${reason}`),
      onLog: (line) => {
        seen.logs.push(line);
        const sample = metrics.read(line, recorder.now());
        if (sample !== undefined) recorder.sample(sample);
      },
      // Only its slots are the standby's own; the rest of it is a copy of the source, which is looked at later.
      onStandbyEnd: async (server) => {
        if (chain.standby !== undefined)
          seen.others.push(await keptStatements(chain.standby, server));
        const left = await leftoversOn(
          server,
          serverOf(migration.topology, chain.source).database,
          [],
        );
        findings.leftovers.push(...left.filter((what) => what.startsWith('slot')));
      },
    });
    return new StackScene(context, stage, await stage.cloudFormation(), metrics, seen);
  }

  /** Keeps what an operation on the stack says, as CloudFormation shows it. */
  public addEvents({ events, outputs }: StackResult): void {
    this.seen.events.push(JSON.stringify({ events, outputs }));
  }

  /** Ends the cloud, and looks for secrets in what was written. */
  public async close(): Promise<void> {
    const { stage, cloud, context } = this;
    const { findings, migration } = context;
    const servers = this.servers();
    findings.secrets.push(
      ...stage.secretValues(),
      ...servers.map(({ server }) => server.superuser.password),
    );
    const processes = await this.processes.stop();
    await stage.close();
    await cloud.close();
    findings.standIns.push(...stage.standIns());
    findings.shims.push(...stage.shims());
    await concludeSecrets(context, servers, [
      { place: 'log of the handler', text: this.seen.logs.join('\n') },
      {
        place: `events and outputs of ${migration.stack.stackName}`,
        text: this.seen.events.join('\n'),
      },
      ...processes,
      ...this.seen.others,
      ...(await this.statements(servers)),
      {
        place: `template of ${migration.stack.stackName}`,
        text: JSON.stringify(migration.stack.template),
      },
    ]);
  }

  /** Every server there was, also if the deployment failed before they were written down. */
  private servers(): readonly NamedServer[] {
    const { context, stage } = this;
    const { chain, findings } = context;
    const made = [
      { name: chain.standby, server: stage.standby },
      { name: chain.target, server: stage.target?.server },
    ].flatMap(({ name, server }) =>
      name === undefined || server === undefined ? [] : [{ name, server }],
    );
    const known = new Set(findings.servers.map(({ server }) => server));
    return [...findings.servers, ...made.filter(({ server }) => !known.has(server))];
  }

  /** What the servers keep that still run. The standby, which ends with the stack, was asked before. */
  private async statements(servers: readonly NamedServer[]): Promise<(ScannedText | Unsearched)[]> {
    const kept: (ScannedText | Unsearched)[] = [];
    for (const { name, server } of servers)
      if (name !== this.context.chain.standby) kept.push(await keptStatements(name, server));
    return kept;
  }

  public get standby(): Server | undefined {
    return this.stage.standby;
  }

  public get target(): Server {
    const { target } = this.stage;
    if (target !== undefined) return target.server;
    throw new PontoonError(
      'NO_TARGET',
      `the stack must make '${this.context.chain.target}', got no cluster; rehearse a stack with a new target`,
    );
  }
}
