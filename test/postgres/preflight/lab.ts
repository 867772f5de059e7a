import type { Client } from 'pg';
import {
  createTopology,
  type Finding,
  LinkKind,
  Platform,
  type PreflightContext,
  type PreflightReport,
  type TableSelection,
  type Topology,
  WalLevel,
} from '../../../lib/postgres';
import { runPreflight, waitUntil } from '../../../lib/runner';
import { startTestServer, type TestServer } from '../../servers';

/** Settings under which a server passes as the source of one link of each kind. */
export const SOURCE_SETTINGS = { wal_level: 'logical', max_prepared_transactions: '5' };

/** A source that an Aurora cluster reads by DMS and another server by its own replication. */
export function twoLinks(
  majorVersion: number,
  database: string,
  selections: { readonly dms?: TableSelection; readonly native?: TableSelection },
): Topology {
  const { dms, native } = selections;
  return createTopology({
    servers: {
      onPremises: {
        platform: Platform.SELF_MANAGED,
        majorVersion,
        database,
        walLevel: WalLevel.LOGICAL,
      },
      aurora: { platform: Platform.AURORA, majorVersion, database },
      warehouse: { platform: Platform.EC2, majorVersion, database },
    },
    links: [
      ...(dms === undefined
        ? []
        : [{ kind: LinkKind.DMS, from: 'onPremises', to: 'aurora', selection: dms }]),
      ...(native === undefined
        ? []
        : [{ kind: LinkKind.NATIVE, from: 'onPremises', to: 'warehouse', selection: native }]),
    ],
  });
}

/** A server on which each test has a database of its own. */
export class Lab {
  private databases = 0;

  private constructor(
    public readonly pg: TestServer,
    public readonly major: number,
  ) {}

  public static async start(major: number, settings: Record<string, string> = SOURCE_SETTINGS) {
    return new Lab(await startTestServer({ major, settings }), major);
  }

  /** A new database, after `setup` ran in it. */
  public async database(...setup: readonly string[]): Promise<{ name: string; client: Client }> {
    this.databases += 1;
    const name = `shop_${this.databases}`;
    const admin = await this.pg.client();
    await admin.query(`CREATE DATABASE ${name}`);
    const client = await this.pg.client(name);
    for (const statement of setup) await client.query(statement);
    return { name, client };
  }

  public stop(): Promise<void> {
    return this.pg.stop();
  }
}

/** What the check called `id` found, without its id. */
export function found(report: PreflightReport, id: string): Omit<Finding, 'check'>[] {
  expect(report.checks.map((check) => check.id)).toContain(id);
  return report.findings
    .filter(({ check }) => check === id)
    .map(({ check, ...finding }) => finding);
}

/** Runs preflight and returns what the check called `id` found. */
export async function look(client: Client, context: PreflightContext, id: string) {
  return found(await runPreflight(client, context), id);
}

/** Runs the statements of each finding's fix. */
export async function mend(
  client: Client,
  findings: readonly Omit<Finding, 'check'>[],
): Promise<void> {
  for (const { fix } of findings) {
    for (const statement of (fix ?? '').split('\n')) await client.query(statement);
  }
}

/** Waits until `condition` holds on the server: reloading a configuration takes a moment. */
export async function settled(client: Client, condition: string): Promise<void> {
  await waitUntil({
    what: `the server must have ${condition}`,
    deadlineMs: 60_000,
    intervalMs: 20,
    probe: async () => {
      const { rows } = await client.query(`SELECT ${condition} AS ok`);
      return rows[0]?.ok === true
        ? { done: true, value: undefined }
        : { done: false, reason: 'not yet' };
    },
  });
}
