import type { ClientBase } from 'pg';
import {
  type AnyObjectKind,
  kindOf,
  type LedgerEntry,
  type ObjectKey,
  type ObjectSpec,
  type PlanContext,
  PontoonError,
  type ResolvedSecret,
  type SecretStore,
  type ServerFacts,
  type Step,
} from '../postgres';
import { Ledger } from './ledger';
import { run, runOne } from './run';
import { scramVerifier } from './scram';
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
  private readonly kind: AnyObjectKind;
  private readonly key: ObjectKey;
  private readonly ledgerClient: ClientBase;
  private readonly ledger: Ledger;

  constructor(
    private readonly clients: ReconcileClients,
    private readonly secrets: SecretStore,
    private readonly request: ReconcileRequest,
  ) {
    this.kind = kindOf(request.spec);
    this.key = {
      server: request.server,
      kind: request.spec.kind,
      name: this.kind.name(request.spec),
    };
    this.ledgerClient = clients.primary ?? clients.client;
    this.ledger = new Ledger(this.ledgerClient, request.server);
  }

  public async apply(): Promise<Outcome> {
    return await this.ledger.alone(this.key, async () => {
      if (this.request.spec.kind === 'ledger') return await this.applyLedger();
      await this.ledger.require();
      return (await this.answered()) ?? (await this.applyObject());
    });
  }

  public async preview(): Promise<readonly Step[]> {
    const entry = (await this.ledger.exists()) ? await this.ledger.find(this.key) : undefined;
    const server = await readFacts(this.clients.client);
    const observed = await this.observe(server);
    this.checkOwner(entry, observed);
    return this.kind.plan(this.request.spec, observed, await this.context(server, entry));
  }

  public async drop(): Promise<Outcome> {
    return await this.ledger.alone(this.key, async () => {
      if (this.request.spec.kind === 'ledger') return await this.dropLedger();
      if (!(await this.ledger.exists())) return NOTHING_DONE;
      return (await this.answered()) ?? (await this.dropObject());
    });
  }

  private async applyLedger(): Promise<Outcome> {
    const server = await readFacts(this.clients.client);
    const steps = this.kind.plan(
      this.request.spec,
      await this.observe(server),
      await this.context(server, undefined),
    );
    await runSteps(this.clients, steps);
    return { steps: steps.map(({ title }) => title), attributes: {} };
  }

  private async dropLedger(): Promise<Outcome> {
    if (!(await this.ledger.exists()) || (await this.ledger.count()) > 0) return NOTHING_DONE;
    const server = await readFacts(this.clients.client);
    const steps = this.kind.drop(
      this.request.spec,
      { exists: true },
      await this.context(server, undefined),
    );
    await runSteps(this.clients, steps);
    return { steps: steps.map(({ title }) => title), attributes: {} };
  }

  private async applyObject(): Promise<Outcome> {
    const { spec, owner } = this.request;
    const found = await this.ledger.find(this.key);
    const server = await readFacts(this.clients.client);
    const observed = await this.observe(server);
    this.checkOwner(found, observed);
    const context = await this.context(server, found);
    const steps = this.kind.plan(spec, observed, context);
    const entry: LedgerEntry = {
      owner,
      adopted: found?.adopted ?? this.isOccupied(observed),
      spec,
      secretVersions: versionsOf(context.secrets),
      before: found?.before ?? this.kind.before?.(observed) ?? {},
    };
    // The ledger knows of the object before the object is there, so that a run that is cut off leaves nothing unknown.
    if (found === undefined) await this.ledger.write(this.key, { ...entry, secretVersions: {} });
    try {
      await runSteps(this.clients, steps);
    } catch (error) {
      if (found === undefined) await this.undoCreation(server, entry, observed);
      throw error;
    }
    await this.ledger.write(this.key, entry);
    const attributes = await this.confirm(server, entry);
    return await this.remember({ steps: steps.map(({ title }) => title), attributes });
  }

  private async dropObject(): Promise<Outcome> {
    const entry = await this.ledger.find(this.key);
    if (entry === undefined || entry.owner !== this.request.owner) return NOTHING_DONE;
    const steps = entry.adopted ? [] : await this.dropSteps(entry);
    await runSteps(this.clients, steps);
    await this.ledger.delete(this.key);
    return await this.remember({ steps: steps.map(({ title }) => title), attributes: {} });
  }

  private async dropSteps(entry: LedgerEntry): Promise<readonly Step[]> {
    const server = await readFacts(this.clients.client);
    const observed = await this.observe(server);
    if (observed === undefined) return [];
    return this.kind.drop(this.request.spec, observed, {
      server,
      secrets: {},
      applied: appliedOf(entry),
    });
  }

  /** What a failed creation made is taken away again, unless the object was there before. */
  private async undoCreation(
    server: ServerFacts,
    entry: LedgerEntry,
    before: unknown,
  ): Promise<void> {
    if (!this.isOccupied(before)) {
      const observed = await this.observe(server);
      if (observed !== undefined) {
        const context = { server, secrets: {}, applied: appliedOf(entry) };
        await runSteps(this.clients, this.kind.drop(this.request.spec, observed, context));
      }
    }
    await this.ledger.delete(this.key);
  }

  /** Reads the object back: what still differs was not applied, whatever the server answered. */
  private async confirm(
    server: ServerFacts,
    entry: LedgerEntry,
  ): Promise<Readonly<Record<string, string>>> {
    const observed = await this.observe(server);
    const left = this.kind.plan(this.request.spec, observed, await this.context(server, entry));
    if (observed === undefined || left.length > 0) {
      throw new PontoonError(
        'NOT_CONVERGED',
        `${this.key.kind} '${this.key.name}' on '${this.key.server}' must be as described after it was applied, got still to do: ${left.map(({ title }) => title).join('; ')}; look for somebody else who changes it`,
      );
    }
    return this.kind.attributes?.(this.request.spec, observed) ?? {};
  }

  private checkOwner(entry: LedgerEntry | undefined, observed: unknown): void {
    const what = `${this.key.kind} '${this.key.name}' on '${this.key.server}'`;
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
    return observed !== undefined && (this.kind.occupied?.(observed) ?? true);
  }

  private async observe(server: ServerFacts): Promise<unknown> {
    return this.kind.observed(
      await runOne(this.clients.client, this.kind.observe(this.request.spec, server)),
    );
  }

  private async context(
    server: ServerFacts,
    entry: LedgerEntry | undefined,
  ): Promise<PlanContext<{ kind: string }>> {
    const secrets: Record<string, ResolvedSecret> = {};
    for (const reference of this.kind.secrets(this.request.spec)) {
      const { username, password, version } = await this.secrets.get(reference);
      secrets[reference] = { username, password, version, verifier: scramVerifier(password) };
    }
    return { server, secrets, applied: entry === undefined ? undefined : appliedOf(entry) };
  }

  private async answered(): Promise<Outcome | undefined> {
    const { requestId } = this.request;
    return requestId === undefined
      ? undefined
      : ((await this.ledger.answer(requestId)) as Outcome | undefined);
  }

  private async remember(outcome: Outcome): Promise<Outcome> {
    const { requestId } = this.request;
    if (requestId !== undefined) await this.ledger.remember(requestId, outcome);
    return outcome;
  }
}

const NOTHING_DONE: Outcome = { steps: [], attributes: {} };

function appliedOf(entry: LedgerEntry): NonNullable<PlanContext<{ kind: string }>['applied']> {
  return {
    spec: entry.spec as { kind: string },
    secretVersions: entry.secretVersions,
    before: entry.before,
  };
}

function versionsOf(secrets: Readonly<Record<string, ResolvedSecret>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).map(([reference, { version }]) => [reference, version]),
  );
}

async function readFacts(client: ClientBase): Promise<ServerFacts> {
  const [row] = await run(client, {
    text: `SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major, pg_catalog.pg_is_in_recovery() AS "inRecovery"`,
    redacted: 'read the version',
  });
  return row as unknown as ServerFacts;
}
