import type { ClientBase } from 'pg';
import {
  type AnyObjectKind,
  kindOf,
  type LedgerEntry,
  type ObjectKey,
  type ObjectSpec,
  type ObservedRoom,
  observeRoom,
  type PlanContext,
  PontoonError,
  type ResolvedSecret,
  requireRoom,
  type SecretStore,
  type ServerFacts,
  type Step,
} from '../postgres';
import { run, runOne } from './run';
import { scramVerifier } from './scram';

type AnySpec = { readonly kind: string };

/** One object on one server, as its kind sees it. */
export class ManagedObject {
  /** What identifies it in the ledger. */
  public readonly key: ObjectKey;
  private readonly kind: AnyObjectKind;

  constructor(
    private readonly client: ClientBase,
    private readonly secrets: SecretStore,
    server: string,
    private readonly spec: ObjectSpec,
  ) {
    this.kind = kindOf(spec);
    this.key = { server, kind: spec.kind, name: this.kind.name(spec) };
  }

  /** The object as people read it. */
  public get description(): string {
    return `${this.key.kind} '${this.key.name}' on '${this.key.server}'`;
  }

  /** The version of the server, and whether it is a standby. */
  public async facts(): Promise<ServerFacts> {
    return await readServerFacts(this.client);
  }

  /** What is there now. */
  public async observe(server: ServerFacts): Promise<unknown> {
    return this.kind.observed(await runOne(this.client, this.kind.observe(this.spec, server)));
  }

  /** Whether what was observed could be somebody else's. */
  public isOccupied(observed: unknown): boolean {
    return observed !== undefined && (this.kind.occupied?.(observed) ?? true);
  }

  /** Has what copies rows be made only where there is room for them; it takes a ledger. */
  public async requireRoom(observed: unknown): Promise<void> {
    const selection = this.kind.copies?.(this.spec);
    if (selection === undefined || this.isOccupied(observed)) return;
    const found = await runOne(this.client, observeRoom(this.key, selection));
    requireRoom(this.description, selection, found as unknown as ObservedRoom);
  }

  /** What must be remembered of how things were before. */
  public before(observed: unknown): Record<string, unknown> {
    return { ...this.kind.before?.(observed) };
  }

  /** Everything that a plan depends on, with the secrets fetched. */
  public async context(
    server: ServerFacts,
    entry: LedgerEntry | undefined,
  ): Promise<PlanContext<AnySpec>> {
    const secrets: Record<string, ResolvedSecret> = {};
    for (const reference of this.kind.secrets(this.spec)) {
      // A process that lives on remembers secrets, and a plan must see that one was rotated.
      const { username, password, version } = await this.secrets.get(reference, { fresh: true });
      secrets[reference] = { username, password, version, verifier: scramVerifier(password) };
    }
    return { server, secrets, applied: entry === undefined ? undefined : appliedOf(entry) };
  }

  /** What must be done. */
  public plan(observed: unknown, context: PlanContext<AnySpec>): readonly Step[] {
    return this.kind.plan(this.spec, observed, context);
  }

  /** What must be done to be rid of it. */
  public drop(
    observed: unknown,
    server: ServerFacts,
    entry: LedgerEntry | undefined,
  ): readonly Step[] {
    const applied = entry === undefined ? undefined : appliedOf(entry);
    return observed === undefined
      ? []
      : this.kind.drop(this.spec, observed, { server, secrets: {}, applied });
  }

  /**
   * Reads the object back and returns its attributes.
   *
   * @throws PontoonError with code NOT_CONVERGED for what still differs, whatever the server answered.
   */
  public async confirm(
    server: ServerFacts,
    entry: LedgerEntry,
  ): Promise<Readonly<Record<string, string>>> {
    const observed = await this.observe(server);
    const left = this.plan(observed, await this.context(server, entry));
    if (observed !== undefined && left.length === 0)
      return this.kind.attributes?.(this.spec, observed) ?? {};
    throw new PontoonError(
      'NOT_CONVERGED',
      `${this.description} must be as described after it was applied, got still to do: ${left.map(({ title }) => title).join('; ')}; look for somebody else who changes it`,
    );
  }
}

/** The versions of the secrets that a plan was made with. */
export function versionsOf(
  secrets: Readonly<Record<string, ResolvedSecret>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).map(([reference, { version }]) => [reference, version]),
  );
}

function appliedOf({
  spec,
  attempted,
  secretVersions,
  before,
}: LedgerEntry): NonNullable<PlanContext<AnySpec>['applied']> {
  const earlier = [spec, attempted].filter((one) => one !== undefined && one !== null) as AnySpec[];
  return { earlier, secretVersions, before };
}

/** The version of the server of `client`, and whether it is a standby. */
export async function readServerFacts(client: ClientBase): Promise<ServerFacts> {
  const [row] = await run(client, {
    text: `SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major, pg_catalog.pg_is_in_recovery() AS "inRecovery"`,
    redacted: 'read the version',
  });
  return row as unknown as ServerFacts;
}
