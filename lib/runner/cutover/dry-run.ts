import type { ClientBase } from 'pg';
import {
  CUTOVER_STEPS,
  type CutoverStep,
  type CutoverStepId,
  createSecret,
  cutoverOwner,
  type Gate,
  LinkKind,
  NATIVE_SUBSCRIPTIONS,
  type ObjectSpec,
  PontoonError,
  type ReplicationPath,
  type SecretStore,
  sql,
  writeEntry,
} from '../../postgres';
import { readServerFacts } from '../managed-object';
import { plan as planObject } from '../reconcile';
import { run, runOne } from '../run';
import { travel } from './catch-up';
import { CutoverContext } from './context';
import { readGates } from './gates';
import { sqlOf, subscriptionOf } from './paths';
import { reverseSubscription } from './prepare';
import type { CutoverEvent, CutoverRequest, CutoverServices } from './services';
import { Simulation } from './simulation';
import { RUNNERS } from './steps';
import { takeWalk } from './take-walk';

/** One thing that a walk would do. */
export interface PlannedAction {
  /** The step that does it. */
  readonly step: CutoverStep;
  /** Where: a server by its name in the topology, `endpoint`, or `task` for AWS DMS. */
  readonly where: string;
  /** SQL for a server, a sentence for the others. Secrets read `***`. */
  readonly what: string;
  /** Values for `$1`, `$2`, … of the SQL. */
  readonly values: readonly unknown[];
}

/** What a cutover would do, and whether it would begin. */
export interface DryRun {
  readonly actions: readonly PlannedAction[];
  readonly gates: readonly Gate[];
  /** Why no more actions are known, with the step that would have had them. @default - every action is known */
  readonly stopped?: string;
}

/**
 * Walks a cutover without changing anything: what it reads is really read, in transactions that may only read, and
 * what it would write is returned.
 *
 * @throws PontoonError with code FENCED if the old writer is fenced already. What a step fails with is thrown only if
 * every gate is open, since closed ones are reason enough.
 */
export async function dryRun(request: CutoverRequest, services: CutoverServices): Promise<DryRun> {
  const sessions = [...services.sessions.values()];
  await setReadOnly(sessions, true);
  let found: DryRun;
  try {
    found = await new DryWalk(request, services).walk();
  } catch (error) {
    // A session that broke is why it failed.
    await setReadOnly(sessions, false).catch(() => undefined);
    throw error;
  }
  await setReadOnly(sessions, false);
  return found;
}

/** Steps that only read what the gates have said by then; so does a part of `catch-up`. */
const LOOKED_AT: readonly string[] = ['gates', 'verify'];

class DryWalk {
  private readonly actions: PlannedAction[] = [];
  private step: CutoverStep | undefined;
  private readonly simulation: Simulation;
  private readonly context: CutoverContext;

  constructor(
    request: CutoverRequest,
    private readonly services: CutoverServices,
  ) {
    this.simulation = new Simulation(
      request.plan,
      request.owner,
      services.sessions,
      [NATIVE_SUBSCRIPTIONS, ...(services.pglogical === undefined ? [] : [services.pglogical])],
      ({ server, text, values }) => this.note(server, text, values),
    );
    this.context = new CutoverContext(request, {
      ...(services.endpoint === undefined ? {} : { endpoint: this.endpoint(services.endpoint) }),
      ...(services.pglogical === undefined ? {} : { pglogical: services.pglogical }),
      ...(services.task === undefined ? {} : { task: this.task(services.task) }),
      sessions: this.simulation.guarded(),
      secrets: blankSecrets(),
      onEvent: (event) => this.tell(event),
    });
  }

  public async walk(): Promise<DryRun> {
    const { context } = this;
    const { plan } = context;
    await takeWalk(context);
    const found = await context.journal(plan.from);
    if (found !== undefined) {
      throw new PontoonError(
        'FENCED',
        `'${plan.from}' must not be fenced for a dry run, got a fence of '${found.owner}'; look at the status of the migration`,
      );
    }
    const gates = await readGates(context);
    const { actions } = this;
    for (const step of CUTOVER_STEPS) {
      this.step = step;
      try {
        await this.take(step.id);
      } catch (error) {
        if (gates.every(({ status }) => status === 'open') || !(error instanceof PontoonError))
          throw error;
        return { actions, gates, stopped: `step '${step.id}': ${error.message}` };
      }
    }
    return { actions, gates };
  }

  private async take(id: CutoverStepId): Promise<void> {
    const { from, to, forward, reverse } = this.context.plan;
    if (id === 'prepare') for (const path of reverse ?? []) await this.planReverse(path);
    if (id === 'catch-up')
      await travel(this.context, forward, from, to, { deadlineMs: this.context.remainingMs() });
    else if (!LOOKED_AT.includes(id)) await RUNNERS[id](this.context);
  }

  /** The reverse subscription is made by the object's own plan, and so is what is shown of it. */
  private async planReverse(path: ReplicationPath): Promise<void> {
    const { context, services } = this;
    const { from, migration } = context.plan;
    const client = services.sessions.get(from);
    if (path.kind === LinkKind.DMS || client === undefined) return;
    const name = subscriptionOf(path);
    const { state, enable, takeUpTables } = sqlOf(context, path);
    if ((await runOne(client, state(name))) !== undefined) return;
    const { major } = await readServerFacts(client);
    const spec = reverseSubscription(context, path, major);
    const owner = cutoverOwner(migration);
    const made = {
      ...spec,
      ...(takeUpTables === undefined ? {} : { enabled: true }),
    } as ObjectSpec;
    const steps = await planObject({ client }, blankSecrets(), { server: from, spec: made, owner });
    const key = { server: from, kind: spec.kind, name };
    const entry = { owner, adopted: false, spec: made, secretVersions: {}, before: {} };
    const known = { ...entry, secretVersions: { [path.publisher?.secret ?? '']: '***' } };
    const statements = [
      writeEntry(key, entry),
      ...steps.map(({ statement }) => statement),
      writeEntry(key, known),
      ...(takeUpTables === undefined
        ? []
        : [
            writeEntry(key, { ...known, attempted: spec }),
            enable(name, false),
            writeEntry(key, { ...known, spec }),
          ]),
    ];
    // Where the walk comes to it: what it makes before is shown before.
    this.simulation.makeWhenAsked(from, name, () => {
      for (const { redacted, values = [] } of statements) this.note(from, redacted, values);
      this.simulation.assumeSubscription(from, name, false);
    });
  }

  private endpoint(endpoint: NonNullable<CutoverServices['endpoint']>) {
    let sent: string | undefined;
    return {
      active: async () => sent ?? (await endpoint.active()),
      activate: async (server: string) => {
        sent = server;
        this.note('endpoint', `send clients to '${server}'`, []);
      },
    };
  }

  private task(task: NonNullable<CutoverServices['task']>): typeof task {
    return {
      requestStop: async () => this.note('task', 'stop the AWS DMS task', []),
      untilStopped: async () => this.note('task', 'wait until the AWS DMS task has stopped', []),
      resume: async () => this.note('task', 'resume the AWS DMS task', []),
      tables: () => task.tables(),
    };
  }

  private note(where: string, what: string, values: readonly unknown[]): void {
    if (this.step !== undefined) this.actions.push({ step: this.step, where, what, values });
  }

  private tell(event: CutoverEvent): void | Promise<void> {
    return this.services.onEvent?.(event);
  }
}

/** Whatever is taken for a read by mistake is then refused by the server. */
async function setReadOnly(sessions: readonly ClientBase[], readOnly: boolean): Promise<void> {
  const mode = readOnly ? 'READ ONLY' : 'READ WRITE';
  for (const session of sessions)
    await run(session, sql(`SET SESSION CHARACTERISTICS AS TRANSACTION ${mode}`));
}

/** No statement is sent, and so none needs a password. */
function blankSecrets(): SecretStore {
  return {
    get: async () => createSecret({ username: '***', password: '***', version: 'dry-run' }),
  };
}
