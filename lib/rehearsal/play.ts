import type { Client } from 'pg';
import { PontoonError, serverOf } from '../postgres';
import { waitForRows } from './checks/compare';
import { concludeLeftovers, concludeRows, concludeSecrets, type Place } from './checks/conclusions';
import { leftoversOn, rolesOn } from './checks/leftovers';
import { MetricReader } from './checks/metric-reader';
import { processList, type ScannedText } from './checks/secret-scan';
import { reasonNotPlayed } from './cloud/unplayed';
import type { CloudFormationStandIn, StackResult } from './cloudformation';
import type { RehearsalContext } from './context';
import type { Server } from './servers';
import { asSuperuser, createSource, exactVersion, followRunbook, type Source } from './source';
import { Stage } from './stage';
import { measureLatency } from './workload/latency';
import { writtenTable } from './workload/sample-tables';
import { Sampler } from './workload/sampler';
import { Writer } from './workload/writer';

const WRITES_PER_SECOND = 100;
const CONNECTIONS = 2;
const LATENCY_ROUNDS = 25;
const LATENCY_PAUSE_MS = 100;
const CATCH_UP_MS = 120_000;

/** One rehearsal from the first server to the deletion of the stack. */
export class Play {
  private readonly metrics: MetricReader;
  private readonly texts: ScannedText[] = [];
  private readonly logs: string[] = [];
  private rolesBefore: readonly string[] = [];

  constructor(private readonly context: RehearsalContext) {
    this.metrics = new MetricReader(context.chain);
  }

  /** Plays it. Whatever happens, the stack is deleted and the cloud is closed. */
  public async run(): Promise<void> {
    const { findings } = this.context;
    const stage = await this.setStage();
    const cloud = await stage.cloudFormation();
    try {
      await this.play(stage, cloud);
    } finally {
      await stage.close();
      await cloud.close();
      findings.standIns.push(...stage.standIns());
      findings.shims.push(...stage.shims());
      const log = { place: 'log of the handler', text: this.logs.join('\n') };
      await concludeSecrets(this.context, stage.secretValues(), [...this.texts, log]);
    }
  }

  private async setStage(): Promise<Stage> {
    const { recorder, migration, chain, workspace, findings, signal } = this.context;
    return await Stage.set({
      ...(signal === undefined ? {} : { signal }),
      workspace,
      migration,
      recorder,
      target: chain.target,
      onScheduleFailure: (rule, reason) =>
        findings.problems.push(`the schedule '${rule}' failed: ${reason}`),
      onLog: (line) => {
        this.logs.push(line);
        const sample = this.metrics.read(line, recorder.now());
        if (sample !== undefined) recorder.sample(sample);
      },
      // Only its slots are the standby's own; the rest of it is a copy of the source, which is looked at later.
      onStandbyEnd: async (server) => {
        const left = await leftoversOn(server, this.sourceDatabase, []);
        findings.leftovers.push(...left.filter((what) => what.startsWith('slot')));
      },
    });
  }

  private async play(stage: Stage, cloud: CloudFormationStandIn): Promise<void> {
    const { recorder, findings } = this.context;
    const source = await recorder.phase('source', 'Start the source, with data', () =>
      this.startSource(stage),
    );
    const writer = this.startWriter(source);
    const sampler = this.startSampler(stage, source, writer);
    try {
      const deployed = await recorder.phase('deploy', 'Deploy the stack', () => this.deploy(cloud));
      for (const [type, ids] of Object.entries(deployed.notPlayed))
        findings.notPlayed.push({ type, count: ids.length, reason: reasonNotPlayed(type) });
      await this.rehearseFlow(stage, source, writer);
    } finally {
      // A failure of theirs must not keep the stack from being deleted, nor hide what failed before.
      for (const ended of await Promise.allSettled([writer.stop(), sampler.stop()]))
        if (ended.status === 'rejected')
          findings.problems.push(`the workload ended: ${String(ended.reason)}`);
      findings.written = writer.written;
      await recorder.phase('delete', 'Delete the stack', () => this.destroy(cloud));
      await concludeLeftovers(this.context, this.places(stage, source));
    }
  }

  private async startSource(stage: Stage): Promise<Source> {
    const { migration, chain, workspace, rows, findings, recorder } = this.context;
    const options = {
      workspace,
      migration,
      name: chain.source,
      password: stage.addLogin(chain.source, migration.source.administrator),
      selection: chain.selection,
      rows,
    };
    const source = await createSource(options);
    recorder.progress('following the runbook');
    await followRunbook(options, source.server);
    this.rolesBefore = await rolesOn(source.server);
    stage.addresses.add(stage.evaluateBinding(chain.source, 'host'), source.server);
    await this.addServer(chain.source, source.server, 'primary');
    findings.seeded = rows;
    return source;
  }

  /** Applications write from before the deployment until every change has been seen on the target. */
  private startWriter({ server, tables }: Source): Writer {
    return new Writer({
      connection: server.controlConfig(this.sourceDatabase),
      table: writtenTable(tables),
      connections: CONNECTIONS,
      rate: WRITES_PER_SECOND,
    });
  }

  private startSampler(stage: Stage, { server }: Source, writer: Writer): Sampler {
    const { recorder } = this.context;
    return new Sampler({
      source: server,
      standby: () => stage.standby,
      database: this.sourceDatabase,
      now: () => recorder.now(),
      written: () => writer.written,
      onSample: (sample) => recorder.sample(sample),
    });
  }

  private async deploy(cloud: CloudFormationStandIn): Promise<StackResult> {
    const { assembly, migration } = this.context;
    const result = await cloud.deploy(assembly, migration.stack.stackName);
    if (result.status === 'CREATE_COMPLETE') return result;
    throw new PontoonError(
      'NOT_DEPLOYED',
      `the deployment ended as ${result.status}: ${result.reason}`,
    );
  }

  private async rehearseFlow(stage: Stage, source: Source, writer: Writer): Promise<void> {
    const { recorder, findings } = this.context;
    const target = await this.nameServers(stage);
    const text = await processList();
    if (text !== undefined) this.texts.push({ place: 'process list', text });
    const table = writtenTable(source.tables);
    await this.withBoth(source.server, target, async (from, to) => {
      await recorder.phase('copy', 'Copy what is there', () => this.waitForCopy(from, to, source));
      findings.latency = await recorder.phase('flow', 'Live changes', () =>
        measureLatency(from, to, {
          table,
          rounds: LATENCY_ROUNDS,
          pauseMs: LATENCY_PAUSE_MS,
          deadlineMs: CATCH_UP_MS,
        }),
      );
      await writer.stop();
      // A row that is written after all others arrives after all others.
      await recorder.phase('catch-up', 'Catch up', () =>
        measureLatency(from, to, { table, rounds: 1, pauseMs: 0, deadlineMs: CATCH_UP_MS }),
      );
    });
    if (this.metrics.published === 0)
      findings.problems.push('no metric was published; look at the log of the handler');
    await recorder.phase('verify', 'Compare every row', () =>
      concludeRows(this.context, source.server, target),
    );
  }

  private async nameServers(stage: Stage): Promise<Server> {
    const { chain } = this.context;
    if (stage.standby !== undefined && chain.standby !== undefined)
      await this.addServer(chain.standby, stage.standby, 'standby');
    if (stage.target === undefined) {
      throw new PontoonError(
        'NO_TARGET',
        `the stack must make '${chain.target}', got no cluster; rehearse a stack with a new target`,
      );
    }
    await this.addServer(chain.target, stage.target.server, 'target');
    return stage.target.server;
  }

  private async waitForCopy(from: Client, to: Client, { tables }: Source): Promise<void> {
    const { recorder, signal } = this.context;
    await waitForRows(from, to, {
      tables: tables.filter(({ selected }) => selected),
      selection: this.context.chain.selection,
      deadlineMs: CATCH_UP_MS,
      onProgress: (detail) => recorder.progress(detail),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  private async destroy(cloud: CloudFormationStandIn): Promise<void> {
    const { migration, findings } = this.context;
    const name = migration.stack.stackName;
    if (!cloud.stackNames().includes(name)) return;
    const { status, reason } = await cloud.destroy(name);
    if (status === 'DELETE_COMPLETE') return;
    findings.problems.push(`the deletion ended as ${status}: ${reason}`);
  }

  private places(stage: Stage, { server }: Source): Place[] {
    const { rolesBefore, sourceDatabase } = this;
    const places: Place[] = [{ server, database: sourceDatabase, rolesBefore }];
    if (stage.target === undefined) return places;
    const { server: target, administrator } = stage.target;
    const { targetDatabase: database } = this;
    return [...places, { server: target, database, rolesBefore: [administrator] }];
  }

  private async addServer(name: string, server: Server, role: string): Promise<void> {
    const version = await exactVersion(server);
    this.context.findings.servers.push({ name, server, role, version });
  }

  private async withBoth(
    source: Server,
    target: Server,
    work: (from: Client, to: Client) => Promise<void>,
  ): Promise<void> {
    await asSuperuser(
      source,
      this.sourceDatabase,
      async (from) =>
        await asSuperuser(target, this.targetDatabase, async (to) => await work(from, to)),
    );
  }

  private get sourceDatabase(): string {
    const { migration, chain } = this.context;
    return serverOf(migration.topology, chain.source).database;
  }

  private get targetDatabase(): string {
    const { migration, chain } = this.context;
    return serverOf(migration.topology, chain.target).database;
  }
}
