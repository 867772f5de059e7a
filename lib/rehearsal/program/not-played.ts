import type { Findings } from '../findings';
import { makesObject } from './database-commands';
import type { RegisteredDeployment } from './deployment';

/** Types of which the rehearsal plays each resource. */
const PLAYED: readonly string[] = [
  'oci:Psql/dbSystem:DbSystem',
  'oci:Psql/configuration:Configuration',
  'oci:Vault/secret:Secret',
  'oci:NetworkLoadBalancer/networkLoadBalancer:NetworkLoadBalancer',
  'oci:NetworkLoadBalancer/networkLoadBalancersBackendSetsUnified:NetworkLoadBalancersBackendSetsUnified',
  'oci:NetworkLoadBalancer/listener:Listener',
  'oci:Dns/rrset:Rrset',
  // They only say who makes the others.
  'pulumi:providers:oci',
  'pulumi:providers:command',
];

/** Why resources whose type begins so are not played; the first that fits counts. */
const REASONS: readonly (readonly [string, string])[] = [
  ['oci:Core/', 'networks, their rules and virtual machines run only in OCI'],
  ['oci:Dns/', 'names are looked up in the records alone; views and resolvers run only in OCI'],
  ['oci:Identity/', 'permissions were not rehearsed; nothing here asks for them'],
  ['oci:Kms/', 'encryption at rest and its keys were not rehearsed'],
  ['oci:Vault/', 'encryption at rest and its keys were not rehearsed'],
  ['oci:Monitoring/', 'alarms were not rehearsed'],
  ['command:remote:', 'what a host posts for alarms was not rehearsed'],
  ['oci:Ons/', 'alarms were not rehearsed'],
];

/** Writes down which resources of a program were not played, and why. */
export function concludeNotPlayed(
  { notPlayed }: Pick<Findings, 'notPlayed'>,
  { resources }: Pick<RegisteredDeployment, 'resources'>,
): void {
  const counts = new Map<string, number>();
  for (const resource of resources) {
    const { type, custom } = resource;
    if (custom && !PLAYED.includes(type) && !makesObject(resource))
      counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  for (const [type, count] of counts) {
    const [, reason = 'it runs only in the cloud'] =
      REASONS.find(([prefix]) => type.startsWith(prefix)) ?? [];
    notPlayed.push({ type, count, reason });
  }
}
