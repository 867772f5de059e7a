import { LinkKind, type Topology } from '../topology';
import { deriveSettings } from './derive';
import { DECIDED_BY_THE_CLOUD, parameterValue } from './render';
import type { SizingOptions } from './requirement';

/** The list of extensions that the administrator of OCI Database with PostgreSQL may create. */
export const EXTENSIONS_SETTING = 'oci.admin_enabled_extensions';

/** It would keep the passwords of subscriptions, and its user there cannot keep it from doing so. */
export const STATEMENTS_SETTING = 'pg_stat_statements.track_utility';

/** What PostgreSQL 18 allows by itself. */
const DEFAULT_ORIGINS = 10;

/**
 * Settings of which was not tried that OCI lets them be set, with what PostgreSQL does by itself. They are left out where
 * that is enough: a configuration with an unknown setting could not be made.
 */
const DEFAULTS: Readonly<Record<string, (value: string) => boolean>> = {
  max_active_replication_origins: (value) => Number(value) <= DEFAULT_ORIGINS,
  max_slot_wal_keep_size: (value) => value === '-1',
  idle_replication_slot_timeout: (value) => value === '0',
  wal_sender_timeout: (value) => value === '60000',
};

/**
 * What `server` needs as the overrides of a configuration of OCI Database with PostgreSQL, by setting: those that differ
 * from what PostgreSQL does by itself, and the extensions that its administrator may create, `extensions` too.
 *
 * @see https://docs.oracle.com/iaas/Content/postgresql/configurations.htm
 */
export function deriveConfiguration(
  topology: Topology,
  server: string,
  { extensions = [], ...sizing }: ConfigurationOptions = {},
): Record<string, string> {
  const needed = deriveSettings(topology, server, sizing)
    .filter(({ name }) => !DECIDED_BY_THE_CLOUD.has(name))
    .map(({ name, value }): [string, string] => [name, parameterValue(name, value)])
    .filter(([name, value]) => DEFAULTS[name]?.(value) !== true);
  const enabled = [
    'pg_stat_statements',
    ...(usesPglogical(topology, server) ? ['pglogical'] : []),
    ...extensions,
  ];
  return {
    ...Object.fromEntries(needed),
    [STATEMENTS_SETTING]: 'off',
    [EXTENSIONS_SETTING]: [...new Set(enabled)].join(','),
  };
}

/** What a configuration is derived from beside the topology. */
export interface ConfigurationOptions extends SizingOptions {
  /**
   * Further extensions that the administrator may create.
   *
   * @default - none
   */
  readonly extensions?: readonly string[];
}

/** Whether pglogical carries tables from the server, or to it. */
export function usesPglogical({ links }: Topology, server: string): boolean {
  return links.some(
    ({ kind, from, to }) => kind === LinkKind.PGLOGICAL && [from, to].includes(server),
  );
}
