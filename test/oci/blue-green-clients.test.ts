import { BlueGreenDeployment, type DnsListener } from '../../lib/oci';
import type { Answers, RegisteredResource } from '../../lib/rehearsal/pulumi-program';
import { deployment } from './deployment';
import { ofType, only, refusal, registered } from './programs';

const RULE = 'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule';
const LISTENER = 'oci:Dns/resolverEndpoint:ResolverEndpoint';
const CONNECTIONS = 'oci:Psql/getDbSystemConnectionDetail:getDbSystemConnectionDetail';

interface Made {
  readonly resources: readonly RegisteredResource[];
  readonly deployment: BlueGreenDeployment;
}

async function made(dnsListener?: DnsListener, answers: Answers = {}): Promise<Made> {
  const others = dnsListener === undefined ? {} : { dnsListener };
  const there: BlueGreenDeployment[] = [];
  const resources = await registered(
    () => there.push(new BlueGreenDeployment('shop', deployment(others))),
    answers,
  );
  const [component] = there;
  if (component === undefined) throw new Error('the program must make a deployment');
  return { resources, deployment: component };
}

function resolved(output: { apply(read: (value: string) => void): unknown }): Promise<string> {
  return new Promise((resolve) => void output.apply(resolve));
}

/** Databases whose certificates each has another authority. */
const SIGNED: Answers = {
  [CONNECTIONS]: ({ dbSystemId }) => ({
    primaryDbEndpoints: [{ fqdn: 'db.example', ipAddress: '10.0.3.10', port: 5432 }],
    caCertificate: `the authority of ${/blue|green/.exec(String(dbSystemId))?.[0]}\n\n`,
  }),
};

test('clients check certificates by their authorities, of both sides, and not by the name of the load balancer', async () => {
  const { deployment } = await made(undefined, SIGNED);
  expect(deployment.clientParameters).toMatch(/^sslmode=verify-ca /);
  expect(deployment.clientParameters).not.toContain('verify-full');
  expect(await resolved(deployment.caCertificates)).toBe(
    'the authority of blue\nthe authority of green\n',
  );
});

test('an authority of both sides is given once', async () => {
  const { deployment } = await made();
  expect(await resolved(deployment.caCertificates)).toBe(
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
  );
});

test('resolvers of other networks ask at an address of their own, and only they', async () => {
  const { resources, deployment } = await made({
    subnetId: 'ocid1.subnet.oc1..dns',
    networks: ['10.9.0.0/16'],
    ipAddress: '10.0.5.53',
  });
  const listener = only(resources, LISTENER);
  expect(listener.inputs).toMatchObject({
    name: 'shop_listener',
    resolverId: 'ocid1.dnsresolver.oc1..shop',
    scope: 'PRIVATE',
    isListening: true,
    isForwarding: false,
    subnetId: 'ocid1.subnet.oc1..dns',
    listeningAddress: '10.0.5.53',
  });
  const port = { destinationPortRange: { min: 53, max: 53 } };
  const rules = ofType(resources, RULE).filter(({ name }) => name.startsWith('shop-dns'));
  expect(rules.map(({ name, inputs }) => [name, inputs])).toEqual([
    [
      'shop-dns-from-10-9-0-0-16',
      expect.objectContaining({ protocol: '6', source: '10.9.0.0/16', tcpOptions: port }),
    ],
    [
      'shop-dns-udp-from-10-9-0-0-16',
      expect.objectContaining({ protocol: '17', source: '10.9.0.0/16', udpOptions: port }),
    ],
  ]);
  const { dnsAddress } = deployment;
  if (dnsAddress === undefined) throw new Error('there must be an address');
  expect(await resolved(dnsAddress)).toBe('10.0.5.53');
});

test('where nobody else asks, nothing listens', async () => {
  const { resources, deployment } = await made();
  expect(ofType(resources, LISTENER)).toEqual([]);
  expect(deployment.dnsAddress).toBeUndefined();
});

test.each([
  [
    [],
    "'dnsListener.networks' must have at least one network, got none; name those of the other resolvers, or leave out 'dnsListener'",
  ],
  [
    ['0.0.0.0/0'],
    '\'dnsListener.networks[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
  ],
])('a listener for %p is refused', async (networks, problem) => {
  const dnsListener = { subnetId: 'ocid1.subnet.oc1..dns', networks };
  expect(await refusal(() => new BlueGreenDeployment('shop', deployment({ dnsListener })))).toBe(
    `blue-green deployment 'shop': ${problem}`,
  );
});
