import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { type DmsProgress, DmsStandIn, type DmsStandInOptions } from '../../../lib/rehearsal/dms';
import type { TestServer } from '../../servers';

/** Selects every table of schema public. */
export const EVERYTHING = selecting('%');

/** Table mappings that select one table, or by a pattern, and further rules. */
export function selecting(table: string, ...further: readonly object[]): { rules: object[] } {
  const rules = [
    {
      'rule-type': 'selection',
      'rule-action': 'include',
      'object-locator': { 'schema-name': 'public', 'table-name': table },
      filters: [],
    },
    ...further,
  ];
  return {
    rules: rules.map((rule, index) => ({
      'rule-id': String(index + 1),
      'rule-name': `r${index + 1}`,
      ...rule,
    })),
  };
}

/** Task settings in which nothing waits for long; `changes` come on top. */
export function settings(changes: Record<string, object> = {}): object {
  return {
    ...changes,
    FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING', ...changes.FullLoadSettings },
    ErrorBehavior: { RecoverableErrorInterval: 0, ...changes.ErrorBehavior },
  };
}

/** Two empty databases of one server, and a slot in the first: the least that a task needs. */
export class Pair {
  private static count = 0;
  public readonly progress: DmsProgress[] = [];
  private readonly tasks: DmsStandIn[] = [];

  private constructor(
    private readonly pg: TestServer,
    public readonly source: Client,
    public readonly target: Client,
    private readonly databases: readonly [string, string],
    public readonly slot: string,
  ) {}

  /** Makes the databases and runs `ddl` in both of them. */
  public static async create(pg: TestServer, ddl: string, targetDdl = ddl): Promise<Pair> {
    Pair.count += 1;
    const names = [`source_${Pair.count}`, `target_${Pair.count}`] as const;
    const admin = await pg.client();
    for (const name of names) await admin.query(`CREATE DATABASE ${name}`);
    const pair = new Pair(
      pg,
      await pg.client(names[0]),
      await pg.client(names[1]),
      names,
      `dms_slot_${Pair.count}`,
    );
    await pair.source.query(ddl);
    await pair.target.query(targetDdl);
    await pair.source.query("SELECT pg_create_logical_replication_slot($1, 'test_decoding')", [
      pair.slot,
    ]);
    return pair;
  }

  /** How to connect to the two databases. */
  public servers(): Pick<DmsStandInOptions, 'source' | 'target'> {
    return {
      source: this.pg.server.connectionConfig(this.databases[0]),
      target: this.pg.server.connectionConfig(this.databases[1]),
    };
  }

  /** A task between them; `options` override. */
  public task(options: Partial<DmsStandInOptions> = {}): DmsStandIn {
    const task = new DmsStandIn({
      ...this.servers(),
      slotName: this.slot,
      pluginName: 'test-decoding',
      tableMappings: EVERYTHING,
      taskSettings: settings(),
      migrationType: 'full-load-and-cdc',
      onProgress: (progress) => this.progress.push(progress),
      ...options,
    });
    this.tasks.push(task);
    return task;
  }

  /** Starts a task and waits until every table is loaded. */
  public async loaded(task: DmsStandIn): Promise<DmsStandIn> {
    await task.start();
    await eventually(() =>
      expect(task.state().tables.map(({ state }) => state)).not.toContainEqual(
        expect.stringMatching(/^(Before|Full) load$/),
      ),
    );
    return task;
  }

  /** Stops what runs and drops the slot. */
  public async close(): Promise<void> {
    for (const task of this.tasks) {
      if (['starting', 'running'].includes(task.state().status)) await task.stop();
      await task.ended();
    }
    await this.source.query(
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1',
      [this.slot],
    );
  }

  /** Waits until the target's rows of `query` are those of the source. */
  public async same(query: string): Promise<void> {
    const { rows } = await this.source.query(query);
    await this.targetHas(query, rows);
  }

  /** Waits until `progress` was reported `times` times. */
  public async progressHas(progress: DmsProgress, times: number): Promise<void> {
    const wanted = JSON.stringify(progress);
    await eventually(() =>
      expect(this.progress.filter((one) => JSON.stringify(one) === wanted)).toHaveLength(times),
    );
  }

  /** Waits until `query` gives `rows` on the target. */
  public async targetHas(query: string, rows: readonly object[]): Promise<void> {
    await eventually(async () => expect((await this.target.query(query)).rows).toEqual(rows));
  }
}

/** Repeats `check` until it no longer throws; after `timeoutMs` its error is the test's. */
export async function eventually(check: () => unknown, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(10);
    }
  }
}
