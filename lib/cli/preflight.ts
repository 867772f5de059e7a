import {
  type AcceptedFinding,
  type Connection,
  LinkKind,
  linksFrom,
  type PreflightReport,
  preflightExitCode,
  renderPreflight,
  serverOf,
  type Topology,
} from '../postgres';
import { runPreflight, withConnection } from '../runner';
import { ACCESS_OPTIONS, accessTo } from './access';
import type { Arguments } from './arguments';
import { BINDINGS_OPTION, bindingOf, readBindings } from './bindings';
import type { Command } from './command';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import { type Migration, readMigration, TOPOLOGY_OPTIONS } from './migration';
import { anySecrets } from './secrets';
import { asUsage } from './usage-error';

/** Checks servers before anything is made there. */
export const preflightCommand: Command = {
  name: 'preflight',
  summary: 'check servers for what would stop or spoil a replication',
  usage: '(--topology FILE | --app DIR) --bindings FILE [OPTIONS]',
  description: [
    'Checks each server of a topology in one read-only transaction, and prints what is missing with the',
    'SQL that mends it. A server without a binding is unchecked, unless --server names others.',
  ],
  options: {
    ...TOPOLOGY_OPTIONS,
    ...BINDINGS_OPTION,
    server: {
      value: 'NAME',
      description: 'check this server only',
      multiple: true,
      otherwise: 'all servers',
    },
    accept: {
      value: 'CHECK[:OBJECT]',
      description: 'a finding to live with; it becomes a warning',
      multiple: true,
    },
    ...ACCESS_OPTIONS,
  },
  exitCodes: {
    [ExitCode.FINE]: 'nothing is in the way; there may be warnings',
    [ExitCode.FAILED]: 'something is missing, or a server cannot be reached',
    [ExitCode.USAGE]: 'the command line or its input cannot be understood',
    [ExitCode.UNCHECKED]: 'something could not be checked, and nothing failed',
  },
  async run(options, io) {
    const migration = readMigration(options, io);
    const bindings = readBindings(options, io, migration);
    const { servers, unbound } = select(migration, bindings, options);
    const accept = options.texts('accept').map(acceptedFinding);
    const reports: PreflightReport[] = [];
    for (const { server, connection } of servers) {
      const access = accessTo(server, migration, options);
      const report = await check(connection, io, {
        topology: migration.topology,
        server,
        accept,
        peers: Object.fromEntries(reports.map((done) => [done.server, done.rows])),
        ...(access === undefined ? {} : { access: [...access.hba] }),
      });
      reports.push(report);
      if (!options.flag('json')) writeLine(io.stdout, renderPreflight(report));
    }
    print(io, options, reports, unbound);
    const code = preflightExitCode(reports);
    return code === 0 && unbound.length > 0 ? ExitCode.UNCHECKED : code;
  },
};

type PreflightRequest = Parameters<typeof runPreflight>[1];

function check(
  connection: Connection,
  io: Io,
  request: PreflightRequest,
): Promise<PreflightReport> {
  const secrets = anySecrets(io);
  const session = { purpose: 'preflight', readOnly: true, statementTimeoutMs: 0 };
  return withConnection(connection, secrets, session, (client) => runPreflight(client, request));
}

function select(
  { topology }: Migration,
  bindings: ReadonlyMap<string, Connection>,
  options: Arguments,
): {
  readonly servers: { readonly server: string; readonly connection: Connection }[];
  readonly unbound: string[];
} {
  const named = options.texts('server');
  asUsage(() => {
    for (const server of named) serverOf(topology, server);
  });
  const all = primariesFirst(topology).filter(
    (server) => named.length === 0 || named.includes(server),
  );
  const bound = all.filter((server) => named.includes(server) || bindings.has(server));
  return {
    servers: bound.map((server) => ({ server, connection: bindingOf(bindings, server) })),
    unbound: all.filter((server) => !bound.includes(server)),
  };
}

/** Standbys are compared with what their primaries said, and so come after them. */
function primariesFirst(topology: Topology): string[] {
  const ordered = new Set<string>();
  const add = (server: string): void => {
    ordered.add(server);
    for (const { kind, to } of linksFrom(topology, server)) if (kind === LinkKind.PHYSICAL) add(to);
  };
  const standbys = topology.links
    .filter(({ kind }) => kind === LinkKind.PHYSICAL)
    .map(({ to }) => to);
  for (const server of Object.keys(topology.servers)) if (!standbys.includes(server)) add(server);
  return [...ordered];
}

function acceptedFinding(text: string): AcceptedFinding {
  const at = text.indexOf(':');
  return at < 0 ? { check: text } : { check: text.slice(0, at), object: text.slice(at + 1) };
}

function print(
  { stdout }: Io,
  options: Arguments,
  reports: readonly PreflightReport[],
  unbound: readonly string[],
): void {
  if (options.flag('json')) {
    const shown = reports.map(({ rows: _rows, ...report }) => report);
    writeJson(stdout, { servers: shown, unchecked: unbound });
    return;
  }
  for (const server of unbound)
    writeLine(
      stdout,
      `UNCHECKED  '${server}' has no binding; add one to the file, or name the servers to check by '--server'`,
    );
}
