import type { Client, ClientConfig } from 'pg';
import { type CutoverPlan, LinkKind } from '../../../lib/postgres';
import { DmsStandIn } from '../../../lib/rehearsal/dms';
import { type ReplicationTask, scramVerifier, waitUntil } from '../../../lib/runner';
import { CutoverLab } from './lab';
import { type LabServices, untilFollowed, type WalkedLab } from './lab-services';

/** The login with which the task writes. */
export const WRITER = 'dms_writer';
const SLOT = 'by_dms';
const DATABASE = 'app';
const SETTINGS = {
  FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING' },
  ErrorBehavior: { RecoverableErrorInterval: 0, ApplyErrorInsertPolicy: 'SUSPEND_TABLE' },
  ControlTablesSettings: { ControlSchema: 'awsdms_control' },
};
const READ = `SELECT FROM pg_replication_slots WHERE slot_name = '${SLOT}' AND active`;

/** A lab whose way forward is run by the stand-in of AWS DMS in place of a subscription. */
export class DmsLab implements WalkedLab {
  private constructor(
    public readonly lab: CutoverLab,
    public readonly engine: DmsStandIn,
  ) {}

  /**
   * `rules` rename things, or select more; `changes` are made on either side before the task starts, such as the renamed;
   * `settings` are the task's.
   */
  public static async start(
    rules: readonly object[] = [],
    changes: { readonly blue: string; readonly green: string } = { blue: '', green: '' },
    settings: object = SETTINGS,
  ): Promise<DmsLab> {
    const lab = await CutoverLab.start([17, 17]);
    await replaceSubscription(lab);
    for (const side of [lab.blue, lab.green])
      await side.admin.query(changes[side.name === 'blue' ? 'blue' : 'green']);
    const engine = await task(lab, rules, settings);
    await engine.start();
    const dms = new DmsLab(lab, engine);
    // A task runs before it reads.
    await dms.followed();
    return dms;
  }

  /** Where clients are sent. */
  public get active(): string {
    return this.lab.active;
  }

  /** What a walk works with; its sessions are its own. */
  public async services(): Promise<LabServices> {
    return { ...(await this.lab.services()), task: this.task() };
  }

  /** Waits until the task reads, if it runs, and the subscription of the way back, if that is enabled. */
  public async followed(): Promise<void> {
    const { blue, green } = this.lab;
    if (this.engine.state().status === 'running') await until(blue.admin, READ);
    const [reader, writer] = await Promise.all([blue.superuser(), green.superuser()]);
    await untilFollowed(reader, writer).finally(() => Promise.all([reader.end(), writer.end()]));
  }

  /** The cutover from blue to green, without a way back unless asked for. */
  public plan(more: Partial<CutoverPlan> = {}): CutoverPlan {
    const { reverse: _reverse, ...plan } = this.lab.plan();
    return {
      ...plan,
      forward: [{ kind: LinkKind.DMS, decoder: 'blue', slotName: SLOT, writer: WRITER }],
      ...more,
    };
  }

  /** The task as a walk sees it. */
  public task(more: Partial<ReplicationTask> = {}): ReplicationTask {
    const { engine } = this;
    return {
      requestStop: async () => {
        if (engine.state().status === 'running') engine.stop().catch(() => undefined);
      },
      untilStopped: () => engine.ended(),
      resume: async () => {
        if (engine.state().status === 'running') return;
        await engine.ended();
        await engine.resume();
      },
      tables: async () =>
        engine.state().tables.map(({ schemaName, tableName, state }) => ({
          schema: schemaName,
          name: tableName,
          state,
        })),
      ...more,
    };
  }

  /** How the task logs in on green. */
  public writer(): ClientConfig {
    const { green, appPassword } = this.lab;
    return green.server.connectionConfig(DATABASE, { user: WRITER, password: appPassword });
  }

  /** Waits until `query` finds something on green. */
  public async arrived(query: string): Promise<void> {
    await until(this.lab.green.admin, query);
  }

  public async stop(): Promise<void> {
    if (this.engine.state().status === 'running') await this.engine.stop();
    await this.engine.ended();
    await this.lab.stop();
  }
}

/** A rule that has the task carry a table, or all of a schema. */
export function selected(schema: string, table: string): object {
  return {
    'rule-type': 'selection',
    'rule-action': 'include',
    'object-locator': { 'schema-name': schema, 'table-name': table },
    filters: [],
  };
}

async function until(session: Client, query: string): Promise<void> {
  await waitUntil({
    what: `the server must have "${query}"`,
    deadlineMs: 60_000,
    intervalMs: 20,
    probe: async () => {
      const { rowCount } = await session.query(query);
      return rowCount === 0 ? { done: false, reason: 'no row' } : { done: true, value: undefined };
    },
  });
}

async function replaceSubscription({ blue, green, appPassword }: CutoverLab): Promise<void> {
  await green.admin.query('DROP SUBSCRIPTION forward');
  // AWS DMS cannot write identity columns that are always generated.
  for (const { admin } of [blue, green])
    await admin.query('ALTER TABLE shop.customers ALTER COLUMN id SET GENERATED BY DEFAULT');
  const superuser = await green.superuser();
  await superuser.query(
    `GRANT SET ON PARAMETER session_replication_role TO dbadmin WITH GRANT OPTION`,
  );
  await superuser.end();
  await green.admin.query(
    `CREATE ROLE ${WRITER} LOGIN PASSWORD '${scramVerifier(appPassword)}';
     GRANT CONNECT, CREATE ON DATABASE ${DATABASE} TO ${WRITER};
     GRANT USAGE ON SCHEMA shop, pontoon TO ${WRITER};
     CREATE SCHEMA awsdms_control;
     GRANT USAGE, CREATE ON SCHEMA awsdms_control TO ${WRITER};
     GRANT ALL ON ALL TABLES IN SCHEMA shop TO ${WRITER};
     GRANT ALL ON pontoon.canary TO ${WRITER};
     GRANT SET ON PARAMETER session_replication_role TO ${WRITER}`,
  );
  await blue.admin.query(`SELECT pg_create_logical_replication_slot('${SLOT}', 'test_decoding')`);
}

async function task(
  lab: CutoverLab,
  rules: readonly object[],
  taskSettings: object,
): Promise<DmsStandIn> {
  const { blue, green, appPassword } = lab;
  const { rows } = await blue.admin.query(
    `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = '${SLOT}'`,
  );
  const { reader } = await lab.logins();
  const source: ClientConfig = blue.server.connectionConfig(DATABASE, {
    user: reader.username,
    password: reader.password,
  });
  const selections = [selected('shop', '%'), selected('pontoon', 'canary')];
  return new DmsStandIn({
    source,
    target: green.server.connectionConfig(DATABASE, { user: WRITER, password: appPassword }),
    slotName: SLOT,
    pluginName: 'test-decoding',
    targetSettings: { AfterConnectScript: `SET session_replication_role = 'replica'` },
    tableMappings: {
      rules: [...selections, ...rules].map((rule, index) => ({
        'rule-id': String(index + 1),
        'rule-name': `rule${index + 1}`,
        ...rule,
      })),
    },
    taskSettings,
    migrationType: 'cdc',
    cdcStartPosition: String(rows[0].lsn),
  });
}
