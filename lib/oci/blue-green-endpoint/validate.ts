import { checkPlainData, Problems } from '../../postgres';
import { networkProblems } from '../networks';
import type { BlueGreenEndpointArgs, EndpointNames } from './args';
import { fullNames } from './private-dns';

const LONGEST_TTL_SECONDS = 60;
const IDLE_SECONDS = { least: 60, most: 1800 };

/** Checks everything about an endpoint that is plain. Throws a ValidationError with all that is wrong. */
export function validate(name: string, args: BlueGreenEndpointArgs): void {
  const problems = new Problems();
  const { blue, green, clientNetworks, databaseNetworks, names } = args;
  problems.addIf(
    blue?.server === green.server,
    `'green.server' must be another server than 'blue.server', got '${green.server}' twice; correct one`,
  );
  for (const [what, networks] of Object.entries({ clientNetworks, databaseNetworks })) {
    problems.addIf(
      networks.length === 0,
      `'${what}' must have at least one network, got none; nothing would get through the load balancer`,
    );
    for (const problem of networkProblems(networks, what)) problems.add(problem);
  }
  for (const problem of [...nameProblems(names), ...timeProblems(args), ...listenerProblems(args)])
    problems.add(problem);
  problems.throwIfAny(`endpoint '${name}'`);
}

/** Says what is wrong with where other networks ask for names. */
export function listenerProblems({
  dnsListener,
}: Pick<BlueGreenEndpointArgs, 'dnsListener'>): readonly string[] {
  if (dnsListener === undefined) return [];
  const { networks } = dnsListener;
  if (networks.length > 0) return networkProblems(networks, 'dnsListener.networks');
  return [
    "'dnsListener.networks' must have at least one network, got none; name those of the other resolvers, or leave out 'dnsListener'",
  ];
}

/** Says what is wrong with the times of an endpoint. */
export function timeProblems({
  idleTimeoutSeconds: idle,
  healthCheck = {},
}: Pick<BlueGreenEndpointArgs, 'idleTimeoutSeconds' | 'healthCheck'>): readonly string[] {
  const problems = new Problems();
  problems.addIf(
    idle !== undefined &&
      !(Number.isInteger(idle) && idle >= IDLE_SECONDS.least && idle <= IDLE_SECONDS.most),
    `'idleTimeoutSeconds' must be a whole number from ${IDLE_SECONDS.least} to ${IDLE_SECONDS.most}, got ${idle}; correct it`,
  );
  const { intervalMs, timeoutMs, retries } = healthCheck;
  for (const [what, value, least, most] of [
    ['intervalMs', intervalMs, 1000, 1_800_000],
    ['timeoutMs', timeoutMs, 1, 600_000],
    ['retries', retries, 1, 30],
  ] as const)
    problems.addIf(
      value !== undefined && !(Number.isInteger(value) && value >= least && value <= most),
      `'healthCheck.${what}' must be a whole number from ${least} to ${most}, got ${value}; correct it`,
    );
  return problems.list();
}

/** Says what is wrong with the names of an endpoint. */
export function nameProblems(names: EndpointNames): readonly string[] {
  const problems = new Problems();
  checkPlainData(names, 'names', problems);
  if (problems.list().length > 0) return problems.list();
  const { ttlSeconds: ttl } = names;
  const full = Object.entries(fullNames(names));
  for (const [what, name] of full)
    problems.addIf(
      !isHostName(name),
      `'names.${what}' must be a host name in the zone, got ${JSON.stringify(name)}; correct it or the zone`,
    );
  problems.addIf(
    new Set(full.map(([, name]) => name)).size < full.length,
    `'names' must be three names, got ${full.map(([, name]) => name).join(', ')}; rename one`,
  );
  problems.addIf(
    ttl !== undefined && !(Number.isInteger(ttl) && ttl >= 1 && ttl <= LONGEST_TTL_SECONDS),
    `'names.ttlSeconds' must be a whole number from 1 to ${LONGEST_TTL_SECONDS}, got ${ttl}; clients would stay at an old address for that long`,
  );
  return problems.list();
}

function isHostName(name: string): boolean {
  const labels = name.split('.');
  return (
    name.length <= 253 &&
    labels.length > 1 &&
    labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label))
  );
}
