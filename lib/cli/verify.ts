import {
  type Connection,
  type DmsTransformation,
  LinkKind,
  Problems,
  quoteQualified,
  Reader,
  readConnection,
  readSelection,
  readTransformations,
  type TableSelection,
  type TopologyLink,
  unite,
} from '../postgres';
import { type TableVerification, type Verification, verifyTables } from '../runner';
import type { Arguments } from './arguments';
import { BINDINGS_OPTION, bindingOf, readBindings } from './bindings';
import type { Command } from './command';
import { withCertificates } from './connections';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import { type Migration, readMigration, TOPOLOGY_OPTIONS } from './migration';
import { exampleLines, readStdin } from './read-json';
import { anySecrets } from './secrets';
import { asUsage, UsageError } from './usage-error';
import { LIMIT_OPTIONS, readLimits } from './verify-limits';
import { VerifyProgressLine } from './verify-progress';
import { VerifyStateFile } from './verify-state';

const EXAMPLE: readonly string[] = [
  '{ "source": { "server": "onPremises", "host": "db.example", "port": 5432, "database": "shop",',
  '              "secret": "env:A_", "caCertificateFile": "ca.pem" },',
  '  "target": { "server": "aurora", "host": "aurora.example", "port": 5432, "database": "shop",',
  '              "secret": "env:C_", "caCertificate": "aws-rds" },',
  '  "selection": { "schemas": ["public"] } }',
];

/** Compares whole tables of two servers. */
export const verifyCommand: Command = {
  name: 'verify',
  summary: 'compare the tables of two servers, exactly',
  usage: '[OPTIONS] [< tables.json]',
  description: [
    'Compares whole tables of two servers: every row, by the representations of all its values. Writes',
    'may go on: rows that differ are looked at again until they are the same or --settle has passed.',
    'With --settle 0 the first look decides: where nobody writes and everything has arrived.',
    '',
    'Reads JSON from stdin: {"source": …, "target": …, "selection": …}, where source and target are',
    'connections as for `pontoon apply`, and selection is {"schemas": […], "tables": […],',
    '"exclude": […]}. "transformations": […] may say what DMS renames or leaves out, as its construct',
    'does. Or takes all of it from a topology’s link, with --bindings saying where servers are.',
    '',
    'Example:',
    ...exampleLines('verify', EXAMPLE),
  ],
  options: {
    ...TOPOLOGY_OPTIONS,
    ...BINDINGS_OPTION,
    link: {
      value: 'FROM:TO',
      description: 'the logical link whose tables are compared',
      otherwise: 'the only one',
    },
    ...LIMIT_OPTIONS,
    resume: {
      value: 'FILE',
      description:
        'where to keep how far it is, and to go on from if it is there; removed when nothing is left',
    },
  },
  exitCodes: {
    [ExitCode.FINE]: 'every table is the same, and there is at least one',
    [ExitCode.FAILED]: 'a table differs, or a server cannot be reached',
    [ExitCode.USAGE]: 'the command line or the input cannot be understood',
    [ExitCode.UNCHECKED]: 'a table could not be compared, and none differs',
  },
  async run(options, io) {
    const fromStdin = options.text('topology') === undefined && options.text('app') === undefined;
    const input = fromStdin
      ? await readInput(io)
      : fromLink(options, io, readMigration(options, io));
    const progress = options.flag('json') ? undefined : new VerifyProgressLine(io.stderr);
    const file = options.text('resume');
    const state = file === undefined ? undefined : new VerifyStateFile(io, file);
    const resume = state?.read();
    const result = await verifyTables({
      ...input,
      secrets: anySecrets(io),
      ...readLimits(options),
      ...(resume === undefined ? {} : { resume }),
      ...(state === undefined ? {} : { onState: (now) => state.write(now) }),
      ...(progress === undefined
        ? {}
        : {
            onProgress: (now) => progress.show(now),
            onTable: (table) => {
              progress.clear();
              writeTable(io, table);
            },
          }),
    });
    progress?.clear();
    state?.finish(result);
    if (options.flag('json')) writeJson(io.stdout, result);
    else writeLine(io.stdout, summary(result));
    return EXIT_CODES[result.status];
  },
};

interface VerifyInput {
  readonly source: Connection;
  readonly target: Connection;
  readonly selection: TableSelection;
  readonly transformations?: readonly DmsTransformation[];
}

const EXIT_CODES: Readonly<Record<Verification['status'], ExitCode>> = {
  same: ExitCode.FINE,
  differs: ExitCode.FAILED,
  unchecked: ExitCode.UNCHECKED,
};

const MARKS: Readonly<Record<Verification['status'], string>> = {
  same: 'same     ',
  differs: 'DIFFERS  ',
  unchecked: 'UNCHECKED',
};

async function readInput(io: Io): Promise<VerifyInput> {
  const { value, directory } = await readStdin(io, { command: 'verify', example: EXAMPLE });
  const input = withCertificates(value, directory);
  return asUsage(() => {
    const problems = new Problems();
    const reader = new Reader(input, 'stdin', problems);
    const read = {
      source: reader.object('source', readConnection),
      target: reader.object('target', readConnection),
      selection: reader.object('selection', readSelection),
      transformations: readTransformations(reader),
    };
    reader.refuseTheRest();
    problems.throwIfAny('stdin');
    return read;
  });
}

function fromLink(options: Arguments, io: Io, migration: Migration): VerifyInput {
  const links = chooseLinks(migration, options);
  const [link] = links;
  const bindings = readBindings(options, io, migration);
  return {
    source: bindingOf(bindings, link.from),
    target: bindingOf(bindings, link.to),
    selection: unite(links.map(({ selection }) => selection ?? {})),
  };
}

/** One link, or all that share the tables between two servers. */
function chooseLinks(
  { topology }: Migration,
  options: Arguments,
): readonly [TopologyLink, ...TopologyLink[]] {
  const wanted = options.text('link');
  const logical = topology.links.filter(({ kind }) => kind !== LinkKind.PHYSICAL);
  const found = logical.filter((link) => wanted === undefined || labelOf(link) === wanted);
  const [only, ...others] = found;
  if (only !== undefined && others.every((other) => labelOf(other) === labelOf(only)))
    return [only, ...others];
  throw new UsageError(
    `'--link' must name one logical link of the topology, got ${wanted === undefined ? 'nothing' : `'${wanted}'`}; known are ${[...new Set(logical.map(labelOf))].join(', ') || 'none'}`,
  );
}

function labelOf({ from, to }: TopologyLink): string {
  return `${from}:${to}`;
}

function writeTable(io: Io, table: TableVerification): void {
  writeLine(io.stdout, tableLine(table));
  for (const { key, on } of table.differences ?? [])
    writeLine(io.stdout, `           (${key.join(', ')}) ${WHERE[on]}`);
}

const WHERE = {
  both: 'is not the same on both',
  source: 'is only on the source',
  target: 'is only on the target',
} as const;

function tableLine({ table, status, sourceRows, targetRows, reason }: TableVerification): string {
  const rows =
    sourceRows === undefined || targetRows === undefined
      ? ''
      : sourceRows === targetRows
        ? `  ${sourceRows} rows`
        : `  ${sourceRows} rows, ${targetRows} on the target`;
  return `${MARKS[status]}  ${quoteQualified(table)}${rows}${reason === undefined ? '' : `  ${reason}`}`;
}

function summary({ tables, seconds }: Verification): string {
  const count = (status: Verification['status']): number =>
    tables.filter((table) => table.status === status).length;
  return `${count('same')} same, ${count('differs')} differ, ${count('unchecked')} unchecked, in ${seconds.toFixed(1)} s`;
}
