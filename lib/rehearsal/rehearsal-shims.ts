import type { Shim } from './servers';

/** What differs from the cloud in every rehearsal, whatever the stack holds. */
export const REHEARSAL_SHIMS: readonly Shim[] = [
  {
    name: 'connections lead to 127.0.0.1, with the certificates of the rehearsal',
    reason:
      'every server of the topology runs on this machine; names and addresses of the template lead nowhere here',
  },
  {
    name: 'the tables and their rows are invented by the rehearsal',
    reason: 'the real schema, its types, triggers and extensions are not in the template',
  },
  {
    name: 'the source is prepared by a superuser, and pg_hba.conf there admits 127.0.0.1',
    reason:
      'its owner follows the runbook by hand; of the access rules only those for networks are used here',
  },
  {
    name: 'applications, the lag and the comparison use superusers through sockets or TLS',
    reason: 'they only play and measure; what the template makes has the rights of the template',
  },
  {
    name: 'pg_stat_statements is loaded on every server that was installed with it, with track_utility = off',
    reason:
      'Aurora loads it by default, and what it keeps is searched for secrets; a source with track_utility = on is refused by the runner, which sets no password that would be kept',
  },
  {
    name: 'an Aurora cluster is one ordinary PostgreSQL server without readers and failover',
    reason: 'the storage and the replicas of Aurora run only in AWS',
  },
  {
    name: 'rules of Amazon EventBridge on events are made, but nothing happens that they wait for',
    reason: 'the events come from services that are not here',
  },
];
