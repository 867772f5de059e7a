import { createHash } from 'node:crypto';
import type { MockCallArgs, MockResourceArgs, MockResourceResult } from '@pulumi/pulumi/runtime';
import { ocid } from './ocid';

/** What is in the cloud already, as the answer to each question, by its token. */
export type Answers = Readonly<Record<string, (inputs: Inputs) => Inputs>>;

type Inputs = MockResourceArgs['inputs'];

/** What a provider would say of a new resource: an id, its inputs, and what the cloud adds. */
export function resourceState({
  type,
  name,
  inputs,
  custom,
  id,
}: MockResourceArgs): MockResourceResult {
  if (custom === false) return { id: undefined, state: inputs };
  return { id: id || ocid(type, name), state: { ...inputs, ...ADDED[type]?.(name, inputs) } };
}

/** The outputs of each type that our programs read and no input says. */
const ADDED: Readonly<Record<string, (name: string, inputs: Inputs) => Inputs>> = {
  'oci:NetworkLoadBalancer/networkLoadBalancer:NetworkLoadBalancer': (name) => ({
    ipAddresses: [{ ipAddress: address(name), isPrivate: true }],
  }),
  'oci:Dns/resolverEndpoint:ResolverEndpoint': (name, { listeningAddress }) => ({
    listeningAddress: listeningAddress ?? address(name),
  }),
};

/** What a provider would answer to a question of a program: as `answers` say, otherwise that nothing is there yet. */
export function callAnswer({ token, inputs }: MockCallArgs, answers: Answers): Inputs {
  const answer = answers[token] ?? ANSWERS[token];
  if (answer === undefined)
    throw new Error(`'${token}' must have an answer here, got none; add it`);
  return { ...inputs, ...answer(inputs) };
}

const ANSWERS: Answers = {
  'oci:ObjectStorage/getNamespace:getNamespace': () => ({ namespace: 'axyz' }),
  'oci:NetworkLoadBalancer/getBackendSets:getBackendSets': () => ({ backendSetCollections: [] }),
  'oci:NetworkLoadBalancer/getNetworkLoadBalancers:getNetworkLoadBalancers': () => ({
    networkLoadBalancerCollections: [],
  }),
  'oci:Psql/getDbSystems:getDbSystems': () => ({ dbSystemCollections: [] }),
  'oci:Psql/getDbSystemConnectionDetail:getDbSystemConnectionDetail': ({ dbSystemId }) => ({
    primaryDbEndpoints: [
      {
        fqdn: `${lastPart(dbSystemId)}-primary.postgresql.us-ashburn-1.oc1.oraclecloud.com`,
        ipAddress: address(dbSystemId),
        port: 5432,
      },
    ],
    caCertificate: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  }),
  'oci:Vault/getSecrets:getSecrets': () => ({ secrets: [] }),
  'oci:Core/getCnvDnsResolverAssociation:getCnvDnsResolverAssociation': ({ vcnId }) => ({
    dnsResolverId: `ocid1.dnsresolver.oc1..${lastPart(vcnId)}`,
  }),
  'oci:Dns/getResolver:getResolver': ({ resolverId }) => ({
    attachedViews: [{ viewId: `ocid1.dnsview.oc1..default-of-${lastPart(resolverId)}` }],
  }),
};

function lastPart(id: string): string {
  return id.split('.').at(-1) ?? id;
}

/** The same address for the same name, in a network that is nobody's on this machine. */
function address(name: string): string {
  const [one = 0, other = 0] = createHash('sha256').update(name).digest();
  return `10.200.${one}.${1 + (other % 254)}`;
}
