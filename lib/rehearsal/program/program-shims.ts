import type { Shim } from '../servers';

/** What differs from the cloud in every rehearsal of a program. */
const COMMON: readonly Shim[] = [
  {
    name: 'the program was run without an engine: nothing was previewed, and providers checked nothing',
    reason: 'what a provider refuses, only Pulumi and OCI say',
  },
  {
    name: 'connections lead to 127.0.0.1, with the certificates of the rehearsal',
    reason:
      'every server of the topology runs on this machine; names and addresses of the program lead nowhere here',
  },
  {
    name: 'the tables and their rows are invented by the rehearsal',
    reason: 'the real schema, its types, triggers and extensions are not in the program',
  },
  {
    name: 'applications, the lag and the comparison use superusers through sockets or TLS',
    reason: 'they only play and measure; what the program makes has the rights of the program',
  },
  {
    name: 'pg_stat_statements is loaded on every server that was installed with it, with track_utility = off',
    reason: 'what it keeps is searched for secrets',
  },
];

/** The same, of a blue-green deployment. */
export const PROGRAM_SHIMS: readonly Shim[] = [
  ...COMMON,
  {
    name: 'the blue database is filled before the program is deployed',
    reason: 'in the cloud it is there before, or is filled between two deployments',
  },
  {
    name: 'a superuser copies the schema to the green database',
    reason: 'people do it by pg_dump and psql before the program makes what replicates',
  },
  {
    name: 'a database of OCI is one ordinary PostgreSQL server without replicas',
    reason: 'its storage and its replicas run only in OCI',
  },
];

/** The same, of a streaming cluster. */
export const CLUSTER_SHIMS: readonly Shim[] = [
  ...COMMON,
  {
    name: 'pg_hba.conf admits 127.0.0.1 beside the addresses of the program',
    reason: 'loopback connections always come from 127.0.0.1',
  },
];
