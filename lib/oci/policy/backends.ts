import { type CheckedResource, type ReplicationPolicy, record, records } from './policy';

const PORT = 5432;
const SETS = [
  'oci:NetworkLoadBalancer/networkLoadBalancersBackendSetsUnified:NetworkLoadBalancersBackendSetsUnified',
  'oci:NetworkLoadBalancer/backendSet:BackendSet',
];

const LOAD_BALANCER = 'oci:NetworkLoadBalancer/networkLoadBalancer:NetworkLoadBalancer';

/** Exactly one database behind a load balancer takes connections, and only a cutover changes which. */
export const oneActiveBackend: ReplicationPolicy = {
  name: 'pontoon-one-active-backend',
  description: 'Of the databases behind a load balancer exactly one takes connections.',
  enforcementLevel: 'mandatory',
  validateResource: ({ type, urn, props, opts }, report) => {
    if (type === 'oci:NetworkLoadBalancer/backend:Backend' && props.port === PORT)
      report(
        "a database cannot be a backend of its own, since two of them change in two calls; put it into 'backends' of NetworkLoadBalancersBackendSetsUnified",
      );
    if (SETS.includes(type)) checkSet(props, report);
    const knowsSide =
      (SETS.includes(type) && databasesIn(props).length > 0) ||
      (type === LOAD_BALANCER && urn.includes('pontoon:index:BlueGreenEndpoint$'));
    if (knowsSide && !opts.protect)
      report(
        "'protect' must be true for what alone knows which database is active, got false; otherwise an edit that replaces it may lead clients to the other one",
      );
  },
};

function databasesIn(props: CheckedResource['props']) {
  return records(props.backends).filter(({ port }) => port === PORT);
}

function checkSet(props: CheckedResource['props'], report: (message: string) => void): void {
  const backends = databasesIn(props);
  if (backends.length === 0) return;
  const active = backends.filter(isActive);
  if (active.length !== 1)
    report(
      `'backends' must have exactly one database that takes connections, got ${active.length}; set isDrain of the others`,
    );
  if (backends.some(({ isBackup }) => isBackup === true))
    report(
      "'backends.isBackup' cannot be true for a database, since a short failure of the other one would send writes there; drain it",
    );
  for (const property of ['isFailOpen', 'isInstantFailoverEnabled'])
    if (props[property] === true)
      report(
        `'${property}' cannot be true for databases, since it sends writes to a side that nobody switched to; remove it`,
      );
  const byAddress = backends.some((backend) => record(backend).ipAddress !== undefined);
  if (byAddress && props.isPreserveSource !== false)
    report(
      "'isPreserveSource' must be false for backends with an address, got nothing or true; databases would answer to clients that never asked them",
    );
}

function isActive({ isOffline, isDrain, isBackup }: Readonly<Record<string, unknown>>): boolean {
  return isOffline !== true && isDrain !== true && isBackup !== true;
}
