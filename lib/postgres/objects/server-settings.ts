import { PontoonError } from '../errors';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { sql } from '../statement';
import { type ObjectKind, type Step, step, stepAlone } from './object';

/** Settings of a server, kept in postgresql.auto.conf, where they win over every other file. */
export interface ServerSettingsSpec {
  readonly kind: 'server-settings';
  /** The name of this set; a setting may belong to one set only. */
  readonly name: string;
  /** Values by setting, as postgresql.conf takes them. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What a server says of the settings. */
export interface ObservedSettings {
  /** Values in postgresql.auto.conf, by setting. */
  readonly configured: Readonly<Record<string, string>>;
  /** Settings whose value waits for a restart. */
  readonly pendingRestart: readonly string[];
  /** Settings that the server does not know. */
  readonly unknown: readonly string[];
}

/** Server settings. */
export const serverSettings: ObjectKind<ServerSettingsSpec, ObservedSettings> = {
  kind: 'server-settings',
  read: (reader) => ({
    kind: 'server-settings',
    name: reader.name('name'),
    settings: reader.textMap('settings'),
  }),
  name: (spec) => spec.name,
  secrets: () => [],
  observe: (spec) =>
    sql(
      `SELECT pg_catalog.jsonb_build_object(
  'configured', (SELECT coalesce(pg_catalog.jsonb_object_agg(f.name, f.setting), '{}') FROM (SELECT DISTINCT ON (name) name, setting FROM pg_catalog.pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf' ORDER BY name, seqno DESC) f),
  'pendingRestart', (SELECT coalesce(pg_catalog.jsonb_agg(s.name ORDER BY s.name), '[]') FROM pg_catalog.pg_settings s WHERE s.name = ANY($1) AND (s.pending_restart OR s.context = 'postmaster' AND EXISTS (SELECT FROM pg_catalog.pg_file_settings f WHERE f.name = s.name AND f.error IS NOT NULL))),
  'unknown', (SELECT coalesce(pg_catalog.jsonb_agg(w.name), '[]') FROM pg_catalog.unnest($1::text[]) AS w(name) WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE s.name = w.name))
) AS settings`,
      [Object.keys(spec.settings)],
    ),
  observed: (row) => row?.settings as ObservedSettings | undefined,
  occupied: () => false,
  plan(spec, observed, { applied }) {
    refuseUnknown(spec, observed);
    const configured = observed?.configured ?? {};
    const set = Object.entries(spec.settings).filter(
      ([name, value]) => normalized(name, configured[name]) !== normalized(name, value),
    );
    const reset = (applied?.earlier ?? [])
      .flatMap((earlier) => Object.keys(earlier.settings))
      .filter((name) => !(name in spec.settings) && name in configured);
    return withReload([
      ...set.map(([name, value]) => alterSystem(name, value)),
      ...reset.map(resetSystem),
    ]);
  },
  drop: (spec, observed) =>
    withReload(
      Object.keys(spec.settings)
        .filter((name) => name in observed.configured)
        .map(resetSystem),
    ),
  attributes: (_spec, observed) => ({ pendingRestart: observed.pendingRestart.join(',') }),
};

function refuseUnknown(spec: ServerSettingsSpec, observed: ObservedSettings | undefined): void {
  // A name with a dot belongs to an extension, which may be loaded only after the next restart.
  const unknown = (observed?.unknown ?? []).filter((name) => !name.includes('.'));
  if (unknown.length === 0) return;
  throw new PontoonError(
    'UNKNOWN_SETTING',
    `'settings' of '${spec.name}' must be known to the server, got ${unknown.map((name) => `'${name}'`).join(', ')}; correct or remove them`,
  );
}

function alterSystem(name: string, value: string): Step {
  return stepAlone(
    `set ${name} = ${value}`,
    sql(
      `ALTER SYSTEM SET ${settingName(name)} = ${elementsOf(name, value).map(quoteLiteral).join(', ')}`,
    ),
  );
}

/** Settings that hold a list of names: as one text they would be taken for a single name with commas in it. */
const LISTS: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

function elementsOf(name: string, value: string): string[] {
  return LISTS.has(name) && value !== ''
    ? value.split(',').map((element) => unquoted(element.trim()))
    : [value];
}

/** The server quotes elements that are more than a word, such as "$user". */
function unquoted(element: string): string {
  return /^"(?:[^"]|"")*"$/.test(element) ? element.slice(1, -1).replaceAll('""', '"') : element;
}

function normalized(name: string, value: string | undefined): string | undefined {
  return value === undefined ? undefined : elementsOf(name, value).join(', ');
}

function resetSystem(name: string): Step {
  return stepAlone(`reset ${name}`, sql(`ALTER SYSTEM RESET ${settingName(name)}`));
}

function withReload(steps: readonly Step[]): readonly Step[] {
  return steps.length === 0
    ? []
    : [...steps, step('reload the settings', sql('SELECT pg_catalog.pg_reload_conf()'))];
}

function settingName(name: string): string {
  // ALTER SYSTEM takes $ and more dots too, but then postgresql.auto.conf cannot be read, nor the server started.
  // Quoted, since the server would keep a name such as DateStyle in lower case, and not be found to have it.
  if (/^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/.test(name))
    return name.split('.').map(quoteIdentifier).join('.');
  throw new PontoonError(
    'INVALID_NAME',
    `a setting's name must consist of letters, digits, underscores and at most one dot, got ${JSON.stringify(name)}; correct it`,
  );
}
