import {
  type Connection,
  kindOf,
  type ObjectSpec,
  PontoonError,
  Problems,
  Reader,
  readConnection,
  readSpec,
} from '../postgres';
import {
  apply,
  drop,
  environmentSecrets,
  type Outcome,
  plan,
  type ReconcileClients,
  type ReconcileRequest,
  withConnection,
} from '../runner';
import type { Arguments } from './arguments';
import type { Option } from './command';
import { withCertificates } from './connections';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import { readStdin } from './read-json';
import { asUsage } from './usage-error';

/** What `apply` and `drop` read from stdin. */
interface ObjectInput {
  readonly connection: Connection;
  readonly primary: Connection | undefined;
  readonly spec: ObjectSpec;
  readonly adopt: boolean;
}

const OWNER = 'command-line';
const TIMEOUT_SECONDS = 600;

/** The options of `apply` and `drop`. */
export const RECONCILE_OPTIONS: Readonly<Record<string, Option>> = {
  owner: {
    value: 'NAME',
    description: 'who answers for the object; only its owner changes or drops it',
    otherwise: OWNER,
  },
  timeout: {
    value: 'SECONDS',
    description: 'how long one statement may take',
    otherwise: String(TIMEOUT_SECONDS),
  },
};

/** What a user must know of the input of `apply` and `drop`. */
export const INPUT_DESCRIPTION: readonly string[] = [
  'Reads JSON from stdin: {"connection": …, "spec": …, "primary": …, "adopt": …}',
  '  connection  {"server", "host", "port", "database", "secret", "sslMode", "caCertificate"}',
  '              server: its name in the topology; sslMode: verify-full (default) or verify-ca;',
  '              caCertificate: PEM or aws-rds, or caCertificateFile with the name of a PEM file;',
  '              secret: where the login is kept, never the login itself: env:PREFIX for the',
  '              variables PREFIXUSER and PREFIXPASSWORD, file:/path for a JSON file (mode 0600)',
  '  spec        what is to be there: {"kind": "publication", …}; apply {"kind": "ledger"} first',
  '  primary     the connection to its primary, if the server is a standby',
  '  adopt       whether an object that somebody else made may be taken over (default: false)',
];

/** Reconciles or drops what stdin describes, and prints what was done. */
export async function reconcileCommand(
  verb: 'apply' | 'drop',
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const { connection, primary, spec, adopt } = await readInput(io);
  const request: ReconcileRequest = {
    server: connection.server,
    spec,
    adopt,
    owner: options.text('owner') ?? OWNER,
  };
  const secrets = environmentSecrets(io.environment);
  const session = {
    purpose: `pontoon ${verb}`,
    statementTimeoutMs: (options.integer('timeout', 1) ?? TIMEOUT_SECONDS) * 1000,
  };
  const within = <Result>(work: (clients: ReconcileClients) => Promise<Result>): Promise<Result> =>
    withConnection(connection, secrets, session, (client) =>
      primary === undefined
        ? work({ client })
        : withConnection(primary, secrets, session, (above) => work({ client, primary: above })),
    );
  if (options.flag('plan')) {
    const steps = await within((clients) => plan(clients, secrets, request));
    printPlan(io, options, request, steps);
  } else {
    const act = verb === 'apply' ? apply : drop;
    printOutcome(io, options, request, await within((clients) => act(clients, secrets, request)));
  }
  return ExitCode.FINE;
}

async function readInput(io: Io): Promise<ObjectInput> {
  const { value, directory } = await readStdin(io);
  const input = withCertificates(value, directory);
  return asUsage(() => {
    const problems = new Problems();
    const reader = new Reader(input, 'stdin', problems);
    const spec = reader.object('spec', (nested) => nested.everything());
    const read = {
      connection: reader.object('connection', readConnection),
      primary: reader.optionalObject('primary', readConnection),
      adopt: reader.flag('adopt', false),
    };
    const server = reader.optionalText('server');
    if (server !== undefined && server !== read.connection.server)
      reader.refuse('server', "must be that of 'connection'", 'leave it out');
    reader.refuseTheRest();
    const understood = specOf(spec, problems);
    problems.throwIfAny('stdin');
    if (understood === undefined) throw new PontoonError('INVALID', 'stdin must hold a spec');
    return { ...read, spec: understood };
  });
}

function specOf(input: unknown, problems: Problems): ObjectSpec | undefined {
  let spec: ObjectSpec | undefined;
  problems.collect(() => {
    spec = readSpec(input);
  });
  return spec;
}

function printPlan(
  { stdout }: Io,
  options: Arguments,
  request: ReconcileRequest,
  steps: Awaited<ReturnType<typeof plan>>,
): void {
  const shown = steps.map(({ title, statement }) => ({ title, statement: statement.redacted }));
  if (options.flag('json')) {
    writeJson(stdout, { ...identify(request), plan: shown });
  } else if (shown.length === 0) {
    writeLine(stdout, `-- nothing to do for ${nameOf(request)}`);
  } else {
    for (const { title, statement } of shown) writeLine(stdout, `-- ${title}\n${statement};`);
  }
}

function printOutcome(
  { stdout }: Io,
  options: Arguments,
  request: ReconcileRequest,
  outcome: Outcome,
): void {
  if (options.flag('json')) {
    writeJson(stdout, { ...identify(request), ...outcome });
  } else if (outcome.steps.length === 0) {
    writeLine(stdout, `nothing to do for ${nameOf(request)}`);
  } else {
    for (const step of outcome.steps) writeLine(stdout, `done: ${step}`);
    for (const [name, value] of Object.entries(outcome.attributes))
      writeLine(stdout, `${name} = ${value}`);
  }
}

function identify({ server, spec }: ReconcileRequest) {
  return { server, kind: spec.kind, name: kindOf(spec).name(spec) };
}

function nameOf(request: ReconcileRequest): string {
  const { server, kind, name } = identify(request);
  return `${kind} '${name}' on '${server}'`;
}
