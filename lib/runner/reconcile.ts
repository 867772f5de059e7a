import type { ClientBase } from 'pg';
import {
  type LedgerEntry,
  type ObjectSpec,
  PontoonError,
  type SecretStore,
  type ServerFacts,
  type Step,
} from '../postgres';
import { Ledger } from './ledger';
import { ManagedObject, versionsOf } from './managed-object';
import { runSteps } from './steps';

/** The connections that a reconcile uses. */
export interface ReconcileClients {
  /** To the server that the object belongs to. */
  readonly client: ClientBase;
  /** To its primary, if the server is a standby: the ledger is written there, and new slots wait for it. */
  readonly primary?: ClientBase;
}

/** What is to be reconciled, and for whom. */
export interface ReconcileRequest {
  /** The server's name in the topology. */
  readonly server: string;
  /** What the server should have. */
  readonly spec: ObjectSpec;
  /** Who answers for the object: only the owner changes or drops it. */
  readonly owner: string;
  /**
   * Identifies the request, so that a second delivery changes nothing.
   *
   * @default - every call is a request of its own
   */
  readonly requestId?: string;
  /**
   * Whether an object that somebody else made may be taken over. It is then changed, but never dropped by us.
   *
   * @default false
   */
  readonly adopt?: boolean;
}

/** What a reconcile did. */
export interface Outcome {
  /** What was done, in order; empty if nothing had to be. */
  readonly steps: readonly string[];
  /** What constructs may refer to. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Makes the server match `request.spec`. Doing so twice changes nothing. */
export async function apply(
  clients: ReconcileClients,
  secrets: SecretStore,
  request: ReconcileRequest,
): Promise<Outcome> {
  return await new Reconcile(clients, secrets, request).apply();
}

/** Says what {@link apply} would do, redacted, and changes nothing. */
export async function plan(
  clients: ReconcileClients,
  secrets: SecretStore,
  request: ReconcileRequest,
): Promise<readonly Step[]> {
  return await new Reconcile(clients, secrets, request).preview();
}

/** Drops the object if it is the owner's. What is somebody else's, or was adopted, stays. */
export async function drop(
  clients: ReconcileClients,
  secrets: SecretStore,
  request: ReconcileRequest,
): Promise<Outcome> {
  return await new Reconcile(clients, secrets, request).drop();
}

class Reconcile {
  private readonly object: ManagedObject;
  private readonly ledger: Ledger;

  constructor(
    private readonly clients: ReconcileClients,
    secrets: SecretStore,
    private readonly request: ReconcileRequest,
  ) {
    this.object = new ManagedObject(clients.client, secrets, request.server, request.spec);
    this.ledger = new Ledger(clients.primary ?? clients.client, request.server);
  }

  public async apply(): Promise<Outcome> {
    const server = await this.facts();
    return await this.ledger.alone(this.object.key, async () => {
      if (this.request.spec.kind === 'ledger') return await this.applyLedger(server);
      await this.ledger.require();
      return (await this.answered()) ?? (await this.remembering(() => this.applyObject(server)));
    });
  }

  public async preview(): Promise<readonly Step[]> {
    const server = await this.facts();
    const entry = (await this.ledger.exists())
      ? await this.ledger.find(this.object.key)
      : undefined;
    const observed = await this.object.observe(server);
    this.checkOwner(entry, observed);
    return this.object.plan(observed, await this.object.context(server, entry));
  }

  public async drop(): Promise<Outcome> {
    const server = await this.facts();
    return await this.ledger.alone(this.object.key, async () => {
      if (this.request.spec.kind === 'ledger') return await this.dropLedger(server);
      if (!(await this.ledger.exists())) return NOTHING_DONE;
      return (await this.answered()) ?? (await this.remembering(() => this.dropObject(server)));
    });
  }

  private async applyLedger(server: ServerFacts): Promise<Outcome> {
    const context = await this.object.context(server, undefined);
    return await this.run(this.object.plan(await this.object.observe(server), context));
  }

  /** Several owners share a ledger; who drops it while it holds anything leaves it to the others. */
  private async dropLedger(server: ServerFacts): Promise<Outcome> {
    if (!(await this.ledger.exists()) || (await this.ledger.count()) > 0) return NOTHING_DONE;
    return await this.run(this.object.drop(await this.object.observe(server), server, undefined));
  }

  private async applyObject(server: ServerFacts): Promise<Outcome> {
    const { object, ledger } = this;
    const found = await ledger.find(object.key);
    const observed = await object.observe(server);
    this.checkOwner(found, observed);
    const context = await object.context(server, found);
    const steps = object.plan(observed, context);
    const entry: LedgerEntry = {
      owner: this.request.owner,
      // What was adopted and then dropped by somebody else is ours once we make it anew.
      adopted: this.isOccupied(observed) && (found?.adopted ?? true),
      spec: this.request.spec,
      secretVersions: versionsOf(context.secrets),
      before: found?.before ?? object.before(observed),
    };
    await this.announce(found, entry);
    try {
      const outcome = await this.run(steps);
      const attributes = await object.confirm(server, entry);
      await ledger.write(object.key, entry);
      return { ...outcome, attributes };
    } catch (error) {
      if (found === undefined) await this.undoCreation(server, entry, error);
      throw error;
    }
  }

  /** The ledger knows what is tried before it is tried, so that a run that is cut off leaves nothing unknown. */
  private async announce(found: LedgerEntry | undefined, entry: LedgerEntry): Promise<void> {
    const announced =
      found === undefined ? { ...entry, secretVersions: {} } : { ...found, attempted: entry.spec };
    await this.ledger.write(this.object.key, announced);
  }

  private async dropObject(server: ServerFacts): Promise<Outcome> {
    const entry = await this.ledger.find(this.object.key);
    if (entry === undefined || entry.owner !== this.request.owner) return NOTHING_DONE;
    const steps = entry.adopted
      ? []
      : this.object.drop(await this.object.observe(server), server, entry);
    const outcome = await this.run(steps);
    await this.ledger.delete(this.object.key);
    return outcome;
  }

  /**
   * What a failed creation made is taken away again, unless it was adopted.
   *
   * @throws PontoonError with code LEFT_BEHIND if that fails too; the ledger then still knows of it.
   */
  private async undoCreation(
    server: ServerFacts,
    entry: LedgerEntry,
    cause: unknown,
  ): Promise<void> {
    try {
      if (!entry.adopted)
        await runSteps(
          this.clients,
          this.object.drop(await this.object.observe(server), server, entry),
        );
      await this.ledger.delete(this.object.key);
    } catch (error) {
      throw new PontoonError(
        'LEFT_BEHIND',
        `${messageOf(cause)}; what was made of ${this.object.description} could not be taken away again (${messageOf(error)}); delete the resource or drop the object once the server answers`,
        { cause },
      );
    }
  }

  private checkOwner(entry: LedgerEntry | undefined, observed: unknown): void {
    const what = this.object.description;
    if (entry !== undefined) {
      if (entry.owner === this.request.owner) return;
      throw new PontoonError(
        'OWNED',
        `${what} must belong to ${this.request.owner}, got the owner ${entry.owner}; change it there, or choose another name`,
      );
    }
    if (!this.isOccupied(observed) || this.request.adopt === true) return;
    throw new PontoonError(
      'EXISTS',
      `${what} cannot be created, got one that somebody else made; drop it, choose another name, or adopt it with 'adopt: true'`,
    );
  }

  private isOccupied(observed: unknown): boolean {
    return this.object.isOccupied(observed);
  }

  /** A standby cannot hold a ledger of its own, so that its primary must be named before anything is tried. */
  private async facts(): Promise<ServerFacts> {
    const server = await this.object.facts();
    if (!server.inRecovery || this.clients.primary !== undefined) return server;
    throw new PontoonError(
      'NO_PRIMARY',
      `'primary' must be given for the standby '${this.request.server}', got nothing; add the connection to its primary, where the ledger is`,
    );
  }

  private async run(steps: readonly Step[]): Promise<Outcome> {
    await runSteps(this.clients, steps);
    return { steps: steps.map(({ title }) => title), attributes: {} };
  }

  /** How this request was answered before, if it was: a second delivery changes nothing. */
  private async answered(): Promise<Outcome | undefined> {
    const { requestId } = this.request;
    const answer =
      requestId === undefined
        ? undefined
        : ((await this.ledger.answer(requestId)) as Answer | undefined);
    if (answer !== undefined && 'failed' in answer)
      throw new PontoonError('FAILED_BEFORE', answer.failed);
    return answer;
  }

  private async remembering(work: () => Promise<Outcome>): Promise<Outcome> {
    const { requestId } = this.request;
    if (requestId === undefined) return await work();
    try {
      const outcome = await work();
      await this.ledger.remember(requestId, outcome);
      return outcome;
    } catch (error) {
      // What failed is what counts; a server that is gone remembers nothing.
      await this.ledger.remember(requestId, { failed: messageOf(error) }).catch(() => undefined);
      throw error;
    }
  }
}

type Answer = Outcome | { readonly failed: string };

const NOTHING_DONE: Outcome = { steps: [], attributes: {} };

function messageOf(error: unknown): string {
  const { message } = Object(error) as { readonly message?: unknown };
  return typeof message === 'string' ? message : String(error);
}
