import type { Client } from 'pg';
import { type QualifiedName, serverOf } from '../postgres';
import { type CloudAssembly, readCloudAssembly } from './assembly';
import { type Chain, readChain } from './chain';
import { compare, waitForRows } from './checks/compare';
import { leftoversOn } from './checks/leftovers';
import { processList, scanForSecrets } from './checks/secret-scan';
import type { CloudFormationStandIn, StackResult } from './cloudformation';
import { type Findings, newFindings, toReport } from './findings';
import { type RecordedMigration, readMigration } from './migration';
import { Recorder } from './recorder';
import type { RehearsalEvent, RehearsalReport } from './report/report';
import { type Server, Workspace } from './servers';
import {
  asSuperuser,
  createSource,
  followRunbook,
  type Source,
  type SourceOptions,
} from './source';
import { Stage } from './stage';
import { measureLatency } from './workload/latency';
import { writtenTable } from './workload/sample-tables';
import { Writer } from './workload/writer';

/** What to rehearse, and how. */
export interface RehearseOptions {
  /** The directory that `cdk synth` wrote. */
  readonly assembly: string;
  /** The stack. */
  readonly stack: string;
  /**
   * The migration of the stack.
   *
   * @default - the only one
   */
  readonly migration?: string;
  /**
   * Rows of sample data, about.
   *
   * @default 20000
   */
  readonly rows?: number;
  /** Told what happens, while it happens. */
  readonly onEvent?: (event: RehearsalEvent) => void;
  /** Ends the rehearsal; everything is still cleared away. */
  readonly signal?: AbortSignal;
}

const ROWS = 20_000;
const WRITES_PER_SECOND = 100;
const CONNECTIONS = 2;
const LATENCY_ROUNDS = 20;
const CATCH_UP_MS = 120_000;

/**
 * Deploys a migration of a synthesized stack on this machine: on real servers, by the handler that the template
 * ships; has applications write meanwhile, compares every row, and deletes the stack again. Nothing that goes wrong
 * is thrown: it is in the report's `problems`, and everything is cleared away in any case.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalReport> {
  const recorder = new Recorder(options.onEvent ?? (() => undefined));
  const findings = newFindings();
  const assembly = readCloudAssembly(options.assembly);
  const migration = readMigration(assembly, options.stack, options.migration);
  const chain = readChain(migration.topology);
  const workspace = await Workspace.open();
  try {
    await new Rehearsal({
      options,
      recorder,
      findings,
      assembly,
      migration,
      chain,
      workspace,
    }).run();
  } catch (error) {
    findings.problems.push(error instanceof Error ? error.message : String(error));
  }
  await recorder.phase('clear', 'Clear away', async () => {
    await workspace.dispose();
    findings.leftovers.push(...(await workspace.leftovers()));
  });
  return toReport(findings, { recorder, migration, chain });
}

interface Context {
  readonly options: RehearseOptions;
  readonly recorder: Recorder;
  readonly findings: Findings;
  readonly assembly: CloudAssembly;
  readonly migration: RecordedMigration;
  readonly chain: Chain;
  readonly workspace: Workspace;
}

class Rehearsal {
  private source: Source | undefined;
  private processes: string | undefined;

  constructor(private readonly context: Context) {}

  public async run(): Promise<void> {
    const { recorder, migration, chain, workspace, findings } = this.context;
    const logs: string[] = [];
    const stage = await Stage.set({
      workspace,
      migration,
      recorder,
      target: chain.target,
      // A slot is on the standby alone; the rest of it is a copy of the source, which is looked at later.
      onStandbyEnd: async (server) => {
        const left = await leftoversOn(server, this.sourceDatabase, migration.source.administrator);
        findings.leftovers.push(...left.filter((what) => what.startsWith('slot')));
      },
      onLog: (line) => {
        logs.push(line);
        this.readMetrics(line);
      },
    });
    const cloud = await stage.cloudFormation();
    try {
      await this.play(stage, cloud);
    } finally {
      await stage.close();
      await cloud.close();
      findings.standIns.push(...stage.standIns());
      findings.shims.push(...stage.shims());
      await this.scan(stage, logs);
    }
  }

  private async play(stage: Stage, cloud: CloudFormationStandIn): Promise<void> {
    const { recorder, findings, migration } = this.context;
    const source = await recorder.phase('source', 'Start the source, with data', () =>
      this.startSource(stage),
    );
    const writer = new Writer({
      connection: source.server.controlConfig(this.sourceDatabase),
      table: writtenTable(source.tables),
      connections: CONNECTIONS,
      rate: WRITES_PER_SECOND,
    });
    try {
      const deployed = await recorder.phase('deploy', 'Deploy the stack', () => this.deploy(cloud));
      await this.rehearseFlow(stage, writer);
      findings.notPlayed.push(...notPlayed(deployed));
    } finally {
      await writer.stop();
      findings.written = writer.written;
      await recorder.phase('delete', 'Delete the stack', () =>
        this.destroy(cloud, migration.stack.stackName),
      );
      await this.lookForLeftovers(stage);
    }
  }

  private async startSource(stage: Stage): Promise<Source> {
    const { migration, chain, workspace, options, findings, recorder } = this.context;
    const sourceOptions: SourceOptions = {
      workspace,
      migration,
      name: chain.source,
      password: stage.addLogin(chain.source, migration.source.administrator),
      selection: chain.selection,
      rows: options.rows ?? ROWS,
    };
    const source = await createSource(sourceOptions);
    this.source = source;
    recorder.progress('following the runbook');
    await followRunbook(sourceOptions, source.server);
    stage.addresses.add(stage.evaluateBinding(chain.source, 'host'), source.server);
    await this.addServer(chain.source, source.server, 'primary');
    findings.seeded = options.rows ?? ROWS;
    return source;
  }

  private async deploy(cloud: CloudFormationStandIn): Promise<StackResult> {
    const { assembly, migration } = this.context;
    const result = await cloud.deploy(assembly, migration.stack.stackName);
    if (result.status !== 'CREATE_COMPLETE')
      throw new Error(`the deployment ended as ${result.status}: ${result.reason}`);
    return result;
  }

  private async rehearseFlow(stage: Stage, writer: Writer): Promise<void> {
    const { recorder, findings, chain, options } = this.context;
    const { source } = this;
    const target = stage.target?.server;
    if (source === undefined || target === undefined)
      throw new Error('the stack must make or name a target, got none');
    if (stage.standby !== undefined && chain.standby !== undefined) {
      await this.addServer(chain.standby, stage.standby, 'standby');
    }
    await this.addServer(chain.target, target, 'target');
    const table = writtenTable(source.tables);
    this.processes = await processList();
    await this.withBoth(source.server, target, async (from, to) => {
      await recorder.phase('copy', 'Copy what is there', () =>
        waitForRows(from, to, {
          tables: source.tables.filter(({ selected }) => selected),
          deadlineMs: CATCH_UP_MS,
          onProgress: (detail) => recorder.progress(detail),
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        }),
      );
      findings.latency = await recorder.phase('flow', 'Live changes', () =>
        measureLatency(from, to, { table, rounds: LATENCY_ROUNDS, deadlineMs: CATCH_UP_MS }),
      );
      await writer.stop();
      await recorder.phase('catch-up', 'Catch up', () => this.waitForMarker(from, to, table));
    });
    await recorder.phase('verify', 'Compare every row', () => this.verify(source.server, target));
  }

  /** A row that is written after all others arrives after all others. */
  private async waitForMarker(from: Client, to: Client, table: QualifiedName): Promise<void> {
    await measureLatency(from, to, { table, rounds: 1, deadlineMs: CATCH_UP_MS });
  }

  private async verify(source: Server, target: Server): Promise<void> {
    const { chain, migration, findings } = this.context;
    findings.verification.push(
      ...(await compare({
        source,
        target,
        sourceDatabase: this.sourceDatabase,
        targetDatabase: serverOf(migration.topology, chain.target).database,
        selection: chain.selection,
      })),
    );
    for (const { table, status, reason } of findings.verification) {
      if (status !== 'same')
        findings.problems.push(
          `${table} ${status === 'differs' ? 'differs' : 'could not be compared'}: ${reason ?? 'no reason was given'}`,
        );
    }
    if (findings.verification.length === 0)
      findings.problems.push('no table was compared; check the selection');
  }

  private async destroy(cloud: CloudFormationStandIn, stackName: string): Promise<void> {
    if (!cloud.stackNames().includes(stackName)) return;
    const result = await cloud.destroy(stackName);
    if (result.status !== 'DELETE_COMPLETE') {
      this.context.findings.problems.push(
        `the deletion ended as ${result.status}: ${result.reason}`,
      );
    }
  }

  private async lookForLeftovers(stage: Stage): Promise<void> {
    const { findings, migration, chain } = this.context;
    const { administrator } = migration.source;
    const targetDatabase = serverOf(migration.topology, chain.target).database;
    const places: [Server | undefined, string, string][] = [
      [this.source?.server, this.sourceDatabase, administrator],
      [stage.target?.server, targetDatabase, stage.target?.administrator ?? ''],
    ];
    for (const [server, database, known] of places) {
      if (server?.pid !== undefined)
        findings.leftovers.push(...(await leftoversOn(server, database, known)));
    }
  }

  private async scan(stage: Stage, logs: readonly string[]): Promise<void> {
    const { findings, migration } = this.context;
    const secrets = stage.secretValues();
    findings.secretScan = await scanForSecrets(secrets, {
      texts: [
        { place: 'log of the handler', text: logs.join('\n') },
        ...(this.processes === undefined ? [] : [{ place: 'process list', text: this.processes }]),
        {
          place: `template of ${migration.stack.stackName}`,
          text: JSON.stringify(migration.stack.template),
        },
      ],
      files: findings.servers.map(({ name, server }) => ({
        place: `log of ${name}`,
        path: server.logFile,
      })),
    });
    for (const place of findings.secretScan.found)
      findings.problems.push(`a secret is written in the ${place}`);
  }

  private async addServer(name: string, server: Server, role: string): Promise<void> {
    const version = await asSuperuser(server, 'postgres', async (client) => {
      const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
      return rows[0]?.server_version ?? '';
    });
    this.context.findings.servers.push({ name, server, role, version });
  }

  private readMetrics(line: string): void {
    const { recorder } = this.context;
    void line;
    void recorder;
  }

  private async withBoth(
    source: Server,
    target: Server,
    work: (from: Client, to: Client) => Promise<void>,
  ): Promise<void> {
    const { migration, chain } = this.context;
    const database = serverOf(migration.topology, chain.target).database;
    await asSuperuser(
      source,
      this.sourceDatabase,
      async (from) => await asSuperuser(target, database, async (to) => await work(from, to)),
    );
  }

  private get sourceDatabase(): string {
    const { migration, chain } = this.context;
    return serverOf(migration.topology, chain.source).database;
  }
}

/** Resources that nothing plays are named by type: they neither hold data nor carry it. */
function notPlayed({ notPlayed: byType }: StackResult): Findings['notPlayed'] {
  return Object.entries(byType).map(([type, ids]) => ({
    type,
    count: ids.length,
    reason: 'it has no counterpart on this machine',
  }));
}
