import { Problems } from '../../postgres';
import { LOOPBACK_HBA } from './configuration';
import type { Shim } from './shims';

/** What a parameter group becomes on a server of this machine. */
export interface ManagedSettings {
  /** Settings for {@link ServerOptions.settings}. */
  readonly settings: Readonly<Record<string, string>>;
  /** Lines for {@link ServerOptions.hba}. */
  readonly hba: readonly string[];
  /** Each parameter that became something else, or nothing. */
  readonly shims: readonly Shim[];
}

interface Translation {
  readonly settings?: Readonly<Record<string, string>>;
  readonly hba?: readonly string[];
  readonly shim: Shim;
}

/** Parameters of Aurora's and RDS's own that change nothing that a rehearsal looks at. */
const WITHOUT_COUNTERPART: Readonly<Record<string, string>> = {
  'aurora.enhanced_logical_replication': 'it serves zero-ETL, which does not run locally',
  'aurora.logical_replication_backup': 'it serves zero-ETL, which does not run locally',
  'aurora.logical_replication_globaldb': 'it serves zero-ETL, which does not run locally',
  'rds.accepted_password_auth_method': 'every login of a rehearsal uses SCRAM',
  'rds.adaptive_autovacuum': 'Aurora tunes autovacuum by itself',
  'rds.allowed_extensions': 'extensions are those of the embedded server',
  'rds.extensions': 'extensions are those of the embedded server',
  'rds.force_admin_logging_level': 'it concerns the log of Aurora’s own superuser',
  'rds.force_autovacuum_logging_level': 'it concerns the log of autovacuum',
  'rds.global_db_rpo': 'one server stands for the cluster',
  'rds.iam_auth_for_replication': 'IAM does not run locally; replication uses SCRAM',
  'rds.log_retention_period': 'the log lasts as long as the rehearsal',
  'rds.logical_wal_cache': 'PostgreSQL has no such cache',
  'rds.rds_superuser_reserved_connections': 'the rehearsal opens few connections',
  'rds.restrict_password_commands': 'PostgreSQL has no such restriction',
  'rds.superuser_variables': 'the admin of the rehearsal is given session_replication_role',
};

/** Libraries that come with PostgreSQL; others are Aurora's or an extension's. */
const SHIPPED_LIBRARIES = new Set([
  'auth_delay',
  'auto_explain',
  'passwordcheck',
  'pg_prewarm',
  'pg_stat_statements',
]);

/**
 * Translates a parameter group. Throws a ValidationError that names every parameter of the cloud's
 * own that has no translation; what PostgreSQL itself does not know it refuses when it starts.
 */
export function translateManagedSettings(
  parameters: Readonly<Record<string, string>>,
): ManagedSettings {
  const problems = new Problems();
  const settings: Record<string, string> = {};
  const shims: Shim[] = [];
  let hba = LOOPBACK_HBA;
  for (const [name, value] of Object.entries(parameters)) {
    const translation = translate(name, value);
    if (typeof translation === 'string') problems.add(translation);
    else if (translation === undefined) settings[name] = value;
    else {
      Object.assign(settings, translation.settings);
      shims.push(translation.shim);
      hba = translation.hba ?? hba;
    }
  }
  problems.throwIfAny('parameter group');
  return { settings, hba, shims };
}

// A problem, a translation, or undefined for what PostgreSQL understands as it is.
function translate(name: string, value: string): Translation | string | undefined {
  if (name === 'rds.logical_replication') return translateLogicalReplication(value);
  if (name === 'rds.force_ssl') return translateForceSsl(value);
  if (name === 'shared_preload_libraries') return translateLibraries(value);
  const without = WITHOUT_COUNTERPART[name];
  if (without !== undefined) return { shim: { name: `${name} is left out`, reason: without } };
  if (/^(rds|aurora|apg)[._]/.test(name)) {
    return `parameter '${name}' requires a translation for the rehearsal, got ${JSON.stringify(value)}; remove it from the parameter group, or add what it means to lib/rehearsal/servers/managed-settings.ts`;
  }
  if (!value.includes('{')) return undefined;
  return {
    shim: {
      name: `${name} has PostgreSQL's default instead of ${value}`,
      reason:
        'the formula depends on the memory of an instance class that this machine does not have',
    },
  };
}

function translateLogicalReplication(value: string): Translation | string {
  const level = { '0': 'replica', '1': 'logical' }[value];
  if (level === undefined) return notABit('rds.logical_replication', value);
  return {
    settings: { wal_level: level, 'rds.logical_replication': onOrOff(value) },
    shim: {
      name: `wal_level = ${level} because of rds.logical_replication = ${value}`,
      reason: 'Aurora derives the one from the other; SHOW answers for both',
    },
  };
}

function translateForceSsl(value: string): Translation | string {
  if (value === '1') {
    return {
      settings: { 'rds.force_ssl': 'on' },
      hba: LOOPBACK_HBA,
      shim: {
        name: 'pg_hba.conf has hostssl lines only because of rds.force_ssl = 1',
        reason: 'connections without TLS are refused, with another message than Aurora’s',
      },
    };
  }
  if (value !== '0') return notABit('rds.force_ssl', value);
  return {
    settings: { 'rds.force_ssl': 'off' },
    hba: LOOPBACK_HBA.map((line) => line.replace('hostssl', 'host')),
    shim: {
      name: 'pg_hba.conf has host lines because of rds.force_ssl = 0',
      reason: 'connections without TLS are allowed, as on Aurora',
    },
  };
}

function translateLibraries(value: string): Translation {
  const libraries = value.split(',').map((library) => library.trim());
  const kept = libraries.filter((library) => SHIPPED_LIBRARIES.has(library));
  const dropped = libraries.filter((library) => !SHIPPED_LIBRARIES.has(library));
  return {
    settings: { shared_preload_libraries: kept.join(',') },
    shim: {
      name: `shared_preload_libraries is without ${dropped.join(', ') || 'changes'}`,
      reason: 'the embedded server has only the libraries that come with PostgreSQL',
    },
  };
}

// As SHOW spells it on Aurora; PostgreSQL keeps a setting with a prefix without knowing what it means.
function onOrOff(value: string): string {
  return value === '1' ? 'on' : 'off';
}

function notABit(name: string, value: string): string {
  return `parameter '${name}' must be 0 or 1, got ${JSON.stringify(value)}; correct the parameter group`;
}
