import { quoteLiteral } from '../identifiers';
import { type Statement, sql } from '../statement';
import { OWN_SCHEMA } from '../table-selection';
import { type ObjectKind, type Step, step } from './object';

/**
 * Event triggers that write down every change to the schemas of a migration, since neither publications nor AWS DMS
 * carry one; frozen, they refuse it. Making one takes a superuser, or `rds_superuser` on Aurora.
 *
 * @see https://www.postgresql.org/docs/current/event-triggers.html
 */
export interface DdlLedgerSpec {
  readonly kind: 'ddl-ledger';
  /** The schemas that are watched. */
  readonly schemas: readonly string[];
  /** Whether changes are refused. */
  readonly frozen: boolean;
}

/** What a server says of the ledger of changes. */
export interface ObservedDdlLedger {
  readonly exists: boolean;
  /** The body of the function that writes; null if there is none. */
  readonly body: string | null;
  readonly triggers: readonly string[];
}

const TABLE = `${OWN_SCHEMA}.ddl`;
const WRITER = `${OWN_SCHEMA}.note_ddl`;
const TRIGGERS = [
  { name: 'pontoon_ddl', event: 'ddl_command_end' },
  { name: 'pontoon_ddl_drop', event: 'sql_drop' },
] as const;

/** Ledgers of changes. */
export const ddlLedger: ObjectKind<DdlLedgerSpec, ObservedDdlLedger> = {
  kind: 'ddl-ledger',
  read: (reader) => ({
    kind: 'ddl-ledger',
    schemas: reader.names('schemas'),
    frozen: reader.flag('frozen', false),
  }),
  name: () => 'ddl-ledger',
  secrets: () => [],
  observe: observeLedger,
  observed: (row) => row?.ledger as ObservedDdlLedger | undefined,
  occupied: ({ exists, body, triggers }) => exists || body !== null || triggers.length > 0,
  plan(spec, observed) {
    const body = writerBody(spec);
    const steps: Step[] = observed?.exists === true ? [] : [createTable()];
    if (observed?.body !== body) steps.push(createWriter(spec, body));
    const missing = TRIGGERS.filter(({ name }) => observed?.triggers.includes(name) !== true);
    return [...steps, ...missing.map(createTrigger)];
  },
  drop: (_spec, { exists, body, triggers }) => [
    ...triggers.map((name) =>
      step(`drop the event trigger ${name}`, sql(`DROP EVENT TRIGGER ${name}`)),
    ),
    ...(body === null ? [] : [step('drop what notes changes', sql(`DROP FUNCTION ${WRITER}()`))]),
    ...(exists ? [step('drop the ledger of changes', sql(`DROP TABLE ${TABLE}`))] : []),
  ],
};

function createTable(): Step {
  return step(
    'create the ledger of changes',
    sql(
      `CREATE TABLE ${TABLE} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), role name NOT NULL, tag text NOT NULL, object text NOT NULL)`,
    ),
  );
}

function createWriter({ frozen }: DdlLedgerSpec, body: string): Step {
  return step(
    frozen ? 'refuse changes to the schemas' : 'note changes to the schemas',
    sql(
      `CREATE OR REPLACE FUNCTION ${WRITER}() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS ${quoteLiteral(body)}`,
    ),
  );
}

function createTrigger({ name, event }: (typeof TRIGGERS)[number]): Step {
  return step(
    `create the event trigger ${name}`,
    sql(`CREATE EVENT TRIGGER ${name} ON ${event} EXECUTE FUNCTION ${WRITER}()`),
  );
}

/** Refreshing a materialized view changes no schema, although the server counts it among such commands. */
function writerBody({ schemas, frozen }: DdlLedgerSpec): string {
  const watched = schemas.map(quoteLiteral).join(', ');
  const found = (from: string): string =>
    `SELECT session_user, TG_TAG, object_identity FROM ${from} WHERE schema_name IN (${watched}) AND object_identity IS NOT NULL`;
  const refuse = frozen
    ? `
  IF FOUND THEN
    RAISE EXCEPTION 'the schema must not change while it is migrated, got %', TG_TAG USING HINT = 'wait until the migration is finalized, or lift its freeze and make the same change on the target';
  END IF;`
    : '';
  return `BEGIN
  IF TG_TAG = 'REFRESH MATERIALIZED VIEW' THEN RETURN; END IF;
  IF TG_EVENT = 'sql_drop' THEN
    INSERT INTO ${TABLE} (role, tag, object) ${found('pg_event_trigger_dropped_objects()')} AND original;
  ELSE
    INSERT INTO ${TABLE} (role, tag, object) ${found('pg_event_trigger_ddl_commands()')} AND NOT in_extension;
  END IF;${refuse}
END`;
}

function observeLedger(): Statement {
  return sql(
    `SELECT pg_catalog.jsonb_build_object('exists', pg_catalog.to_regclass('${TABLE}') IS NOT NULL, 'body', (SELECT p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = '${OWN_SCHEMA}' AND p.proname = 'note_ddl'), 'triggers', (SELECT coalesce(pg_catalog.jsonb_agg(evtname ORDER BY evtname), '[]') FROM pg_catalog.pg_event_trigger WHERE evtname IN (${TRIGGERS.map(({ name }) => quoteLiteral(name)).join(', ')}))) AS ledger`,
  );
}

/** The last change that was noted. No row without one. */
export function lastChange(): Statement {
  return sql(`SELECT role, tag, object, at::text AS at FROM ${TABLE} ORDER BY id DESC LIMIT 1`);
}

/** Whether changes are noted. */
export function changesAreNoted(): Statement {
  return sql(`SELECT pg_catalog.to_regclass('${TABLE}') IS NOT NULL AS noted`);
}
