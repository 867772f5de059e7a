import type { Reader } from '../reader';
import type { Statement } from '../statement';
import type { TableSelection } from '../table-selection';

/** What a kind needs to know of the server on which it plans. */
export interface ServerFacts {
  /** The PostgreSQL major. */
  readonly major: number;
  /** Whether the server is a standby. */
  readonly inRecovery: boolean;
}

/** A secret as a plan needs it. Only the runner makes one, and only for the time of a reconcile. */
export interface ResolvedSecret {
  /** The role's name that the secret belongs to. */
  readonly username: string;
  /** The password, for the one place that takes no verifier: a subscription's connection string. */
  readonly password: string;
  /** The SCRAM verifier of the password, for roles. */
  readonly verifier: string;
  /** Changes whenever the secret does. */
  readonly version: string;
}

/** What the ledger remembers of an object that this library made or adopted. */
export interface AppliedObject<Spec> {
  /**
   * What may have been applied, wholly or in part: the last spec that was, and one that was cut off after it. What they
   * gave and the new one does not want is taken away.
   */
  readonly earlier: readonly Spec[];
  /** The versions of the secrets then, by reference. */
  readonly secretVersions: Readonly<Record<string, string>>;
  /** What cannot be observed any more: how things were before. */
  readonly before: Readonly<Record<string, unknown>>;
}

/** Everything that a plan may depend on. */
export interface PlanContext<Spec> {
  /** The server. */
  readonly server: ServerFacts;
  /** The secrets that {@link ObjectKind.secrets} named, by reference. */
  readonly secrets: Readonly<Record<string, ResolvedSecret>>;
  /** What was applied before; undefined for a new object. */
  readonly applied: AppliedObject<Spec> | undefined;
}

/** One thing to do. Neighbouring steps that may share a transaction do. */
export interface Step {
  /** What it does, as people read it. */
  readonly title: string;
  /** How. */
  readonly statement: Statement;
  /** Whether PostgreSQL refuses it inside a transaction, or it cannot be undone by one. */
  readonly alone: boolean;
  /**
   * Whether the step waits for the primary to log its running transactions, as every new slot on a standby does; the
   * runner then has the primary log them until the step is done.
   */
  readonly needsStandbySnapshot: boolean;
}

/** A way to describe, read and change one kind of object on a server. */
export interface ObjectKind<Spec extends { readonly kind: string }, Observed> {
  /** The value of `kind` in a spec. */
  readonly kind: Spec['kind'];
  /** Reads a spec out of plain data. Problems go to the reader's list. */
  read(reader: Reader): Spec;
  /** The name that, with server, database and kind, identifies the object. */
  name(spec: Spec): string;
  /** The references of the secrets that `plan` needs. */
  secrets(spec: Spec): readonly string[];
  /** One query; its first row is handed to `observed`. */
  observe(spec: Spec, server: ServerFacts): Statement;
  /** What the row says; undefined if the object is not there. */
  observed(row: Readonly<Record<string, unknown>> | undefined): Observed | undefined;
  /**
   * Whether the name is taken by something that could be somebody else's.
   *
   * @default - whenever anything was observed
   */
  occupied?(observed: Observed): boolean;
  /** The tables whose rows it copies when it is made, where that is told. */
  copies?(spec: Spec): TableSelection | undefined;
  /** What must be done so that the server matches `spec`; empty if it does. */
  plan(spec: Spec, observed: Observed | undefined, context: PlanContext<Spec>): readonly Step[];
  /** What must be done so that the object is gone. */
  drop(spec: Spec, observed: Observed, context: PlanContext<Spec>): readonly Step[];
  /** What must be remembered before the first step, since it cannot be observed afterwards. */
  before?(observed: Observed | undefined): Readonly<Record<string, unknown>>;
  /** What constructs may refer to, by attribute. Never a secret. */
  attributes?(spec: Spec, observed: Observed): Readonly<Record<string, string>>;
}

/** A step that may share a transaction. */
export function step(title: string, statement: Statement): Step {
  return { title, statement, alone: false, needsStandbySnapshot: false };
}

/** A step that must run outside of a transaction. */
export function stepAlone(
  title: string,
  statement: Statement,
  options: { needsStandbySnapshot?: boolean } = {},
): Step {
  return {
    title,
    statement,
    alone: true,
    needsStandbySnapshot: options.needsStandbySnapshot ?? false,
  };
}
