import {
  type Check,
  checkStatus,
  type Finding,
  type PreflightContext,
  type PreflightReport,
  type PreflightRow,
  preflightChecks,
  type Statement,
  sql,
  uncheckedFinding,
} from '../postgres';

/** What preflight needs of a connection; `pg.Client` has it. */
export interface PreflightClient {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: readonly Record<string, unknown>[] }>;
}

/** How long one check may take on a server, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 60_000;

/**
 * Runs the checks of `context.server` in one read-only transaction. A check whose query is refused is unchecked; an
 * error of the connection is thrown.
 */
export async function runPreflight(
  client: PreflightClient,
  context: PreflightContext,
): Promise<PreflightReport> {
  const session = new CountingSession(client);
  const checks = preflightChecks(context.topology, context.server);
  const findings: Finding[] = [];
  const rows: Record<string, readonly PreflightRow[]> = {};
  await session.send(sql('BEGIN READ ONLY'));
  try {
    await session.send(sql(`SET LOCAL statement_timeout = ${STATEMENT_TIMEOUT_MS}`));
    await session.send(sql('SET LOCAL search_path = pg_catalog'));
    const asking = { ...context, role: context.role ?? (await currentRole(session)) };
    for (const check of checks) {
      const answer = await ask(session, check, asking);
      if (check.id === 'collations' && 'rows' in answer) rows[check.id] = answer.rows;
      findings.push(...answer.findings);
    }
    await session.send(sql('ROLLBACK'));
  } catch (error) {
    // What went wrong first is what counts; a broken connection rolls back by itself.
    await session.send(sql('ROLLBACK')).catch(() => undefined);
    throw error;
  }
  return {
    server: context.server,
    findings,
    queries: session.sent,
    checks: checks.map((check) => ({
      id: check.id,
      title: check.title,
      status: checkStatus(check, findings),
    })),
    rows,
  };
}

type Answer =
  | { readonly findings: Finding[]; readonly rows: readonly PreflightRow[] }
  | { readonly findings: Finding[] };

async function ask(
  session: CountingSession,
  check: Check,
  context: PreflightContext,
): Promise<Answer> {
  await session.send(sql('SAVEPOINT preflight'));
  try {
    const rows = await session.send(check.query(context));
    return { findings: check.evaluate(rows, context), rows };
  } catch (error) {
    const refused = refusal(error);
    if (refused === undefined) throw error;
    await session.send(sql('ROLLBACK TO SAVEPOINT preflight'));
    return { findings: [uncheckedFinding(check, context, refused)] };
  }
}

async function currentRole(session: CountingSession): Promise<string> {
  const [row] = await session.send(sql('SELECT CURRENT_USER::text AS role'));
  return String(row?.role);
}

class CountingSession {
  public sent = 0;

  constructor(private readonly client: PreflightClient) {}

  public async send({ text, values }: Statement): Promise<readonly PreflightRow[]> {
    this.sent += 1;
    const result = await this.client.query(text, values === undefined ? undefined : [...values]);
    return result.rows;
  }
}

/** What the server said if it refused a statement; undefined for anything else, such as a broken connection. */
function refusal(
  error: unknown,
): { readonly message: string; readonly sqlState: string } | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return undefined;
  const isSqlState = /^[0-9A-Z]{5}$/.test(error.code);
  // 08: connection exceptions; 57P: the server shuts down or ended the session.
  const isLost = error.code.startsWith('08') || error.code.startsWith('57P');
  return isSqlState && !isLost ? { message: error.message, sqlState: error.code } : undefined;
}
