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
  type Outcome,
  plan,
  type ReconcileClients,
  type ReconcileRequest,
  SERVER_WARNING,
  withConnection,
} from '../runner';
import type { Arguments } from './arguments';
import { withCertificates } from './connections';
import { ExitCode } from './exit-code';
import { type Io, writeJson, writeLine } from './io';
import type { Option } from './option';
import { exampleLines, readStdin } from './read-json';
import { anySecrets } from './secrets';
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

const EXAMPLE: readonly string[] = [
  '{ "connection": { "server": "onPremises", "host": "db.example", "port": 5432,',
  '                  "database": "shop", "secret": "env:PG", "caCertificateFile": "ca.pem" },',
  '  "spec": { "kind": "physical-slot", "name": "standby_1" } }',
];

/** What a user must know of the input of `verb`. */
export const inputDescription = (verb: 'apply' | 'drop'): readonly string[] => [
  'Reads JSON from stdin: {"connection": …, "spec": …, "primary": …, "adopt": …}',
  '  connection  {"server", "host", "port", "database", "secret", "sslMode", "caCertificate"}',
  '              server: its name in the topology; sslMode: verify-full (default) or verify-ca;',
  '              caCertificate: PEM or aws-rds, or caCertificateFile with the name of a PEM file;',
  '              secret: where the login is kept, never the login itself: env:PREFIX for the',
  '              variables PREFIXUSER and PREFIXPASSWORD, file:/path for a JSON file (mode 0600), or',
  '              the ARN or OCID of a secret of AWS Secrets Manager or OCI Vault',
  '  spec        what is to be there: {"kind": "publication", …}; apply {"kind": "ledger"} first',
  '  primary     the connection to its primary, if the server is a standby',
  '  adopt       whether an object that somebody else made may be taken over (default: false)',
  '',
  'Example:',
  ...exampleLines(verb, EXAMPLE),
];

/** Reconciles or drops what stdin describes, and prints what was done. */
export async function reconcileCommand(
  verb: 'apply' | 'drop',
  options: Arguments,
  io: Io,
): Promise<ExitCode> {
  const { connection, primary, spec, adopt } = await readInput(verb, io);
  const request: ReconcileRequest = {
    server: connection.server,
    spec,
    adopt,
    owner: options.text('owner') ?? OWNER,
  };
  const secrets = anySecrets(io);
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

async function readInput(verb: 'apply' | 'drop', io: Io): Promise<ObjectInput> {
  const { value, directory } = await readStdin(io, { command: verb, example: EXAMPLE });
  const input = withCertificates(value, directory);
  return asUsage(() => {
    const problems = new Problems();
    const reader = new Reader(input, 'stdin', problems);
    const read = {
      spec: reader.object('spec', specOf),
      connection: reader.object('connection', readConnection),
      primary: reader.optionalObject('primary', readConnection),
      adopt: reader.flag('adopt', false),
    };
    const server = reader.optionalText('server');
    const other = read.connection.server;
    // Without a connection there is nothing to compare with, and that is what is said.
    if (server !== undefined && other !== '' && server !== other)
      reader.refuse('server', "must be that of 'connection'", 'leave it out');
    reader.refuseTheRest();
    problems.throwIfAny('stdin');
    const { spec } = read;
    if (spec === undefined) throw new PontoonError('INVALID', 'stdin must hold a spec');
    return { ...read, spec };
  });
}

function specOf(reader: Reader): ObjectSpec | undefined {
  let spec: ObjectSpec | undefined;
  reader.collect(() => {
    spec = readSpec(reader.everything());
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
  { stdout, stderr }: Io,
  options: Arguments,
  request: ReconcileRequest,
  outcome: Outcome,
): void {
  // Somebody must hear of what stayed behind, who does not look at what was done.
  for (const step of outcome.steps)
    if (step.startsWith(SERVER_WARNING)) writeLine(stderr, `pontoon: ${step}`);
  if (options.flag('json')) {
    writeJson(stdout, { ...identify(request), ...outcome });
  } else if (outcome.steps.length === 0) {
    writeLine(stdout, `nothing to do for ${nameOf(request)}`);
  } else {
    for (const step of outcome.steps)
      if (!step.startsWith(SERVER_WARNING)) writeLine(stdout, `done: ${step}`);
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
