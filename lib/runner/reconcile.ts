import {
  joinLedger,
  type LedgerEntry,
  PontoonError,
  type SecretStore,
  type ServerFacts,
  type Step,
} from '../postgres';
import { answerOnce } from './answered-request';
import { CLEAN_UP_MS, deadlineOf } from './deadline';
import { Ledger } from './ledger';
import { ManagedObject, versionsOf } from './managed-object';
import { messageOf } from './message-of';
import { requireOwnership, requireReleased } from './ownership';
import type { Outcome, ReconcileClients, ReconcileRequest } from './reconcile-request';
import { settled } from './settled';
import { runSteps } from './steps';
import { withWarnings } from './warnings';

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

/** Drops the object if it is the owner's, unless a cutover holds or needs it. What is somebody else's, or was adopted, stays. */
export async function drop(
  clients: ReconcileClients,
  secrets: SecretStore,
  request: ReconcileRequest,
): Promise<Outcome> {
  return await new Reconcile(clients, secrets, request).drop();
}

/** Drops the object as {@link drop} does, and has the ledger remember that `migration` is over: it is not made again. */
export async function retire(
  clients: ReconcileClients,
  secrets: SecretStore,
  request: ReconcileRequest,
  migration: string,
): Promise<Outcome> {
  return await new Reconcile(clients, secrets, request).retire(migration);
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
      return await this.once(() => this.applyObject(server));
    });
  }

  public async preview(): Promise<readonly Step[]> {
    const server = await this.facts();
    const known = await this.ledger.exists();
    const entry = known ? await this.ledger.find(this.object.key) : undefined;
    if (settled(this.object.description, entry, this.request) !== undefined) return [];
    const observed = await this.object.observe(server);
    this.requireOwnership(entry, observed);
    const steps = this.object.plan(observed, await this.object.context(server, entry));
    if (known) await this.object.requireRoom(observed);
    return steps;
  }

  public async drop(): Promise<Outcome> {
    const server = await this.facts();
    return await this.ledger.alone(this.object.key, async () => {
      if (this.request.spec.kind === 'ledger') return await this.dropLedger(server);
      if (!(await this.ledger.exists())) return NOTHING_DONE;
      return await this.once(() => this.dropObject(server));
    });
  }

  public async retire(migration: string): Promise<Outcome> {
    const server = await this.facts();
    return await this.ledger.alone(this.object.key, async () => {
      const entry = await this.ledger.find(this.object.key);
      if (entry === undefined || entry.owner !== this.request.owner) return NOTHING_DONE;
      const outcome = await this.runDrop(server, entry);
      await this.ledger.retire(this.object.key, migration);
      return outcome;
    });
  }

  /** Several owners share a ledger, and each of them keeps it, whether or not it holds anything of theirs yet. */
  private async applyLedger(server: ServerFacts): Promise<Outcome> {
    if (await this.ledger.exists()) return await this.once(() => this.joinLedger(server));
    const outcome = await this.joinLedger(server);
    const { requestId } = this.request;
    if (requestId !== undefined) await this.ledger.remember(requestId, outcome);
    return outcome;
  }

  private async joinLedger(server: ServerFacts): Promise<Outcome> {
    const context = await this.object.context(server, undefined);
    const steps = this.object.plan(await this.object.observe(server), context);
    await runSteps(this.clients, [
      ...steps,
      {
        title: 'remember who needs the ledger',
        statement: joinLedger(this.request.server, this.request.owner),
        alone: false,
        needsStandbySnapshot: false,
      },
    ]);
    return done(steps);
  }

  private async dropLedger(server: ServerFacts): Promise<Outcome> {
    if (!(await this.ledger.exists()) || (await this.ledger.leave(this.request.owner)))
      return NOTHING_DONE;
    return await this.run(this.object.drop(await this.object.observe(server), server, undefined));
  }

  private async applyObject(server: ServerFacts): Promise<Outcome> {
    const { object, ledger } = this;
    const found = await ledger.find(object.key);
    const stays = settled(object.description, found, this.request);
    if (stays !== undefined) return { steps: [stays], attributes: {} };
    const observed = await object.observe(server);
    this.requireOwnership(found, observed);
    const context = await object.context(server, found);
    const steps = object.plan(observed, context);
    await object.requireRoom(observed);
    const entry: LedgerEntry = {
      owner: this.request.owner,
      // What was adopted and then dropped by somebody else is ours once we make it anew.
      adopted: this.object.isOccupied(observed) && (found?.adopted ?? true),
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
      // Both sessions have the same deadline.
      deadlineOf(this.clients.client)?.allow(CLEAN_UP_MS);
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
    requireReleased(this.object.description, entry, this.request);
    if (entry === undefined || entry.owner !== this.request.owner) return NOTHING_DONE;
    // What was retired is gone; whatever has its name now is somebody else's.
    const outcome =
      entry.before.retired === undefined ? await this.runDrop(server, entry) : NOTHING_DONE;
    await this.ledger.delete(this.object.key);
    return outcome;
  }

  private async runDrop(server: ServerFacts, entry: LedgerEntry): Promise<Outcome> {
    if (entry.adopted) return NOTHING_DONE;
    const steps = this.object.drop(await this.object.observe(server), server, entry);
    return await withWarnings(this.clients.client, () => this.run(steps));
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

  private requireOwnership(entry: LedgerEntry | undefined, observed: unknown): void {
    const { description } = this.object;
    const occupied = this.object.isOccupied(observed);
    requireOwnership({ description, entry, occupied }, this.request);
  }

  private async once(work: () => Promise<Outcome>): Promise<Outcome> {
    return await answerOnce(this.ledger, this.request.requestId, work);
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
    return done(steps);
  }
}

function done(steps: readonly Step[]): Outcome {
  return { steps: steps.map(({ title }) => title), attributes: {} };
}

const NOTHING_DONE: Outcome = { steps: [], attributes: {} };
