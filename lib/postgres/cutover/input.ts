import { type Connection, readConnection } from '../connection';
import { type EndpointSpec, readEndpoint } from '../endpoint';
import { Problems } from '../errors';
import { readPublisher } from '../objects';
import { Reader } from '../reader';
import { readSelection, selectionProblems } from '../table-selection';
import { LinkKind, partNameProblem } from '../topology';
import { readTransformations } from '../verification';
import {
  CUTOVER_LIMITS,
  type CutoverLimits,
  type CutoverPlan,
  LONGEST_BUDGET_MS,
  loginsProblems,
  type ReplicationPath,
} from './plan';

/** Everything that a cutover needs to be told: the plan, where its servers are, and what clients connect to. */
export interface CutoverInput {
  readonly plan: CutoverPlan;
  /** The servers of the plan by name: both writers, and the standby that is decoded if there is one. */
  readonly connections: { readonly [server: string]: Connection };
  /**
   * What clients connect to.
   *
   * @default - somebody else switches them
   */
  readonly endpoint?: EndpointSpec;
  /**
   * The ARN of the AWS DMS task, if a path is run by one.
   *
   * @default - no path is
   */
  readonly taskArn?: string;
}

/**
 * Reads what a cutover needs out of plain data, such as JSON on stdin or the input of a state machine.
 *
 * @throws ValidationError that lists everything that is wrong with it.
 */
export function parseCutover(input: unknown): CutoverInput {
  const problems = new Problems();
  const reader = new Reader(input, '', problems);
  const plan = reader.object('plan', readPlan);
  const connections = reader.object('connections', (nested) =>
    Object.fromEntries(
      Object.keys(nested.everything()).map((server) => [
        server,
        nested.object(server, readConnection),
      ]),
    ),
  );
  const endpoint = reader.optionalObject('endpoint', readEndpoint);
  const taskArn = reader.optionalText('taskArn');
  reader.refuseTheRest();
  checkServers(plan, connections, problems);
  problems.throwIfAny('the cutover');
  return {
    plan,
    connections,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(taskArn === undefined ? {} : { taskArn }),
  };
}

/** The servers on which a walk works. */
export function serversOf({ from, to, forward, reverse = [] }: CutoverPlan): readonly string[] {
  const decoders = [...forward, ...reverse].map(({ decoder }) => decoder);
  return [...new Set([from, to, ...decoders])];
}

function readPlan(reader: Reader): CutoverPlan {
  const forward = readPaths(reader, 'forward') ?? [];
  const reverse = readPaths(reader, 'reverse');
  const selection = reader.object('selection', readSelection);
  reader.check('selection', (what) => selectionProblems(selection, what));
  const transformations = readTransformations(reader);
  if (transformations.length > 0 && forward.some(({ kind }) => kind !== LinkKind.DMS))
    reader.refuse(
      'transformations',
      'cannot be given where a subscription replicates, which renames nothing',
      'remove them',
    );
  if (transformations.length > 0 && reverse !== undefined)
    reader.refuse(
      'transformations',
      'cannot be given where there is a way back, which renames nothing',
      "remove them, or 'reverse'",
    );
  return {
    migration: reader.text('migration'),
    from: reader.text('from'),
    to: reader.text('to'),
    selection,
    ...(transformations.length === 0 ? {} : { transformations }),
    forward,
    ...(reverse === undefined ? {} : { reverse }),
    keep: reader.object('keep', (nested) =>
      Object.fromEntries(
        Object.keys(nested.everything()).map((server) => [server, nested.names(server)]),
      ),
    ),
    ...readLogins(reader),
    limits: reader.optionalObject('limits', readLimits) ?? CUTOVER_LIMITS,
    ...(reader.flag('skipVerification', false) ? { skipVerification: true } : {}),
  };
}

function readLogins(reader: Reader): Pick<CutoverPlan, 'logins'> {
  const logins = reader.optionalObject('logins', (nested) =>
    Object.fromEntries(
      Object.keys(nested.everything()).map((login) => [login, nested.text(login)]),
    ),
  );
  if (logins === undefined) return {};
  reader.check('logins', (what) => loginsProblems(logins, what));
  return { logins };
}

/** One way: a path, or several that share the tables. */
function readPaths(
  reader: Reader,
  key: 'forward' | 'reverse',
): readonly ReplicationPath[] | undefined {
  const paths = reader.optionalList(key, readPath);
  const parts = (paths ?? []).map(({ part }) => part ?? '');
  if (paths?.length === 0 || (paths === undefined && key === 'forward'))
    reader.refuse(key, 'must have at least one path', 'say what carries the tables');
  if (parts.length > 1 && paths?.some(({ kind }) => kind !== LinkKind.NATIVE))
    reader.refuse(
      key,
      'must be one path unless subscriptions of PostgreSQL’s own carry it',
      'leave the others out',
    );
  if (new Set(parts).size < parts.length)
    reader.refuse(key, "must tell its paths apart by 'part'", 'give each another one');
  return paths;
}

function readPath(reader: Reader): ReplicationPath {
  const kind = reader.choice('kind', [LinkKind.NATIVE, LinkKind.DMS, LinkKind.PGLOGICAL]);
  const publisher = reader.optionalObject('publisher', readPublisher);
  const names = {
    ...optional('subscription', reader.optionalText('subscription')),
    ...optional('publication', reader.optionalText('publication')),
    ...optional('writer', reader.optionalText('writer')),
  };
  if (kind !== LinkKind.DMS && names.subscription === undefined)
    reader.refuse('subscription', `must be given for a ${kind.toUpperCase()} path`, 'name it');
  const part = reader.optionalTextThat('part', partNameProblem);
  return {
    kind,
    decoder: reader.text('decoder'),
    slotName: reader.slotName('slotName'),
    ...names,
    ...(publisher === undefined ? {} : { publisher }),
    ...optional('part', part),
  };
}

function readLimits(reader: Reader): CutoverLimits {
  const limit = (key: keyof CutoverLimits, least: number, most?: number): number =>
    reader.optionalInteger(key, least, most) ?? CUTOVER_LIMITS[key];
  return {
    budgetMs: limit('budgetMs', 1_000, LONGEST_BUDGET_MS),
    verificationMs: limit('verificationMs', 0, LONGEST_BUDGET_MS),
    lagBytes: limit('lagBytes', 1),
    transactionSeconds: limit('transactionSeconds', 1, LONGEST_BUDGET_MS / 1_000),
    sequenceMargin: limit('sequenceMargin', 0),
  };
}

function optional<Key extends string>(
  key: Key,
  value: string | undefined,
): { readonly [key in Key]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [key in Key]: string });
}

function checkServers(
  plan: CutoverPlan,
  connections: CutoverInput['connections'],
  problems: Problems,
): void {
  problems.addIf(
    plan.from === plan.to,
    `'plan.to' must be another server than 'plan.from', got '${plan.from}' twice; correct one`,
  );
  for (const server of serversOf(plan).filter((name) => name !== '')) {
    problems.addIf(
      !Object.hasOwn(connections, server),
      `'connections' must have '${server}', which the plan names, got ${Object.keys(connections).join(', ') || 'none'}; add it`,
    );
  }
  for (const [name, { server }] of Object.entries(connections)) {
    problems.addIf(
      server !== '' && server !== name,
      `'connections.${name}.server' must be '${name}', as the connection is called, got '${server}'; correct one`,
    );
  }
  const unknown = Object.keys(plan.keep).filter((name) => ![plan.from, plan.to].includes(name));
  for (const server of unknown) {
    problems.add(
      `'plan.keep' must name the writers '${plan.from}' and '${plan.to}' only, got '${server}'; list the roles of a standby under the writer that it follows`,
    );
  }
}
