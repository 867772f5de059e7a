import type { HbaRule } from '../access';
import type { SizingOptions } from '../settings';
import type { Statement } from '../statement';
import type { Topology } from '../topology';

/** How bad a finding is. `unchecked` means that nobody knows, and never counts as passed. */
export type Severity = 'error' | 'warning' | 'unchecked';

/** A row that a check's query returned. */
export type PreflightRow = Readonly<Record<string, unknown>>;

/** What the checks of one server need to know. */
export interface PreflightContext {
  /** The topology that the server belongs to. */
  readonly topology: Topology;
  /** The name of the server that is checked, as in the topology. */
  readonly server: string;
  /**
   * What is known of the load. Must be the same as for {@link deriveSettings}.
   *
   * @default - the defaults of SizingOptions
   */
  readonly sizing?: SizingOptions;
  /**
   * The age in seconds from which a transaction counts as long.
   *
   * @default 600
   */
  readonly longTransactionSeconds?: number;
  /**
   * The role that asks, so that statements which grant it something can name it.
   *
   * @default - `runPreflight` asks the server
   */
  readonly role?: string;
  /**
   * The lines that pg_hba.conf must have.
   *
   * @default - only its syntax is checked
   */
  readonly access?: HbaRule[];
  /**
   * The rows that checks returned on other servers, by server and check: a standby's collations are compared with its
   * primary's. A report of runPreflight has them as `rows`.
   *
   * @default - what needs another server's rows is unchecked
   */
  readonly peers?: Readonly<Record<string, Readonly<Record<string, readonly PreflightRow[]>>>>;
  /**
   * Findings that somebody has decided to live with; they become warnings.
   *
   * @default - none
   */
  readonly accept?: readonly AcceptedFinding[];
}

/** A finding that is no obstacle. */
export interface AcceptedFinding {
  /** The check's id. */
  readonly check: string;
  /**
   * The object, spelled as the finding spells it.
   *
   * @default - all objects of the check
   */
  readonly object?: string;
}

/** Something that is not as it must be, or that could not be found out. */
export interface Finding {
  /** The id of the check that found it. */
  readonly check: string;
  /** How bad it is. */
  readonly severity: Severity;
  /** What it is about: a table, a setting, a role; names quoted as in SQL. Undefined for the whole server. */
  readonly object?: string;
  /** What is wrong, the rule, and the way out. */
  readonly message: string;
  /** The exact SQL, command, or entry of the selection that mends it. Undefined if a person must decide. */
  readonly fix?: string;
}

/** A finding before its check signs it. */
export type Found = Omit<Finding, 'check'>;

/** One thing that is looked at, with one query, however many tables there are. */
export interface Check {
  /** The stable name of the check. */
  readonly id: string;
  /** What it looks at, in a few words. */
  readonly title: string;
  /** The query. Reads only. */
  query(context: PreflightContext): Statement;
  /** What the rows of the query mean. */
  evaluate(rows: readonly PreflightRow[], context: PreflightContext): Finding[];
  /** SQL that permits `role` to run the query. Undefined if every role may. */
  permit?(role: string): string;
}

/** A check whose rows have the shape `Row`: its query and its evaluation are written side by side. */
export function defineCheck<Row>(check: {
  readonly id: string;
  readonly title: string;
  query(context: PreflightContext): Statement;
  evaluate(rows: readonly Row[], context: PreflightContext): Found[];
  permit?(role: string): string;
}): Check {
  return {
    ...check,
    evaluate: (rows, context) =>
      check
        .evaluate(rows as readonly Row[], context)
        .map((found) => accepted({ check: check.id, ...found }, context)),
  };
}

/** SQLSTATE of a refusal that a grant would mend. */
const INSUFFICIENT_PRIVILEGE = '42501';

/** The finding that stands for a check whose query failed. */
export function uncheckedFinding(
  check: Check,
  context: PreflightContext,
  refusal: { readonly message: string; readonly sqlState: string },
): Finding {
  const fix =
    refusal.sqlState === INSUFFICIENT_PRIVILEGE && context.role !== undefined
      ? check.permit?.(context.role)
      : undefined;
  return accepted(
    {
      check: check.id,
      severity: 'unchecked',
      message: `${check.title} could not be checked on '${context.server}', which said "${refusal.message}" (${refusal.sqlState}); mend that, and check again`,
      ...(fix === undefined ? {} : { fix }),
    },
    context,
  );
}

function accepted(finding: Finding, { accept = [] }: PreflightContext): Finding {
  const isAccepted = accept.some(
    ({ check, object }) =>
      check === finding.check && (object === undefined || object === finding.object),
  );
  return isAccepted && finding.severity !== 'warning'
    ? { ...finding, severity: 'warning', message: `${finding.message} (accepted)` }
    : finding;
}
