import { renderCutoverRunbook, renderPromotionRunbook, renderRunbook } from '../postgres';
import { ACCESS_OPTIONS, accessTo, sourceOf } from './access';
import type { Command } from './command';
import { ExitCode } from './exit-code';
import { writeJson } from './io';
import { readMigration, TOPOLOGY_OPTIONS } from './migration';
import { asUsage, UsageError } from './usage-error';

/** Writes what the owner of a server must do there. */
export const runbookCommand: Command = {
  name: 'runbook',
  summary: 'write what the owner of the source does there, and who cuts over',
  usage: '(--topology FILE | --app DIR) [OPTIONS]',
  description: [
    'Prints, as Markdown, what the owner of a server must do before a deployment: settings, lines of',
    'pg_hba.conf, the administrating role and its rights, firewall, and how to undo it all; then the',
    'operator’s page of the cutover: commands, steps, expected output, points of no return, rollback.',
    'For a streaming cluster of ours it is the operator’s page of a promotion, by --topology alone.',
    'With --topology, --administrator and --address must be given; an assembly knows them.',
  ],
  options: {
    ...TOPOLOGY_OPTIONS,
    server: {
      value: 'NAME',
      description: 'the server to prepare',
      otherwise: 'the first of the owner’s that sends to others',
    },
    ...ACCESS_OPTIONS,
    port: { value: 'NUMBER', description: 'the server’s port', otherwise: '5432' },
  },
  exitCodes: {
    [ExitCode.FINE]: 'the runbook was printed',
    [ExitCode.USAGE]: 'the command line or the topology cannot be understood',
  },
  async run(options, io) {
    const migration = readMigration(options, io);
    const server = options.text('server') ?? sourceOf(migration.topology);
    const promotion = renderPromotionRunbook(migration.topology, server);
    if (promotion !== '') {
      // Its hosts are ours, and prepare themselves.
      if (options.flag('json')) writeJson(io.stdout, { server, promotion });
      else io.stdout.write(promotion);
      return ExitCode.FINE;
    }
    const access = accessTo(server, migration, options);
    if (access === undefined) {
      throw new UsageError(
        "'--administrator' and '--address' must be given, since the topology says nothing of them; see 'pontoon runbook --help'",
      );
    }
    const port = options.integer('port', 1) ?? knownPort(migration.bindings[server]);
    const runbook = asUsage(() =>
      renderRunbook(migration.topology, {
        server,
        ...access,
        ...(port === undefined ? {} : { port }),
      }),
    );
    const cutover = renderCutoverRunbook(migration.topology, server);
    if (options.flag('json')) writeJson(io.stdout, { server, runbook, cutover });
    else io.stdout.write([runbook, cutover].filter((page) => page !== '').join('\n'));
    return ExitCode.FINE;
  },
};

function knownPort(binding: Readonly<Record<string, string>> | undefined): number | undefined {
  const port = Number(binding?.port);
  return Number.isInteger(port) ? port : undefined;
}
