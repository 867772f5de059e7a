import { openEndpoint } from '../../../lib/endpoints';
import { type EndpointSpec, parseEndpoint } from '../../../lib/postgres';
import { HostedZones, RdsProxies, SecretStore } from '../../../lib/rehearsal/aws-endpoint';
import { endpointResolver, placeEndpoint, type TcpTarget } from '../../../lib/rehearsal/endpoint';
import { LocalCloud } from '../../endpoints/cloud';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop-AbCdEf';
const SPECS: readonly EndpointSpec[] = [
  {
    kind: 'route53-record',
    hostedZoneId: 'Z1',
    recordName: 'db.shop.example',
    sides: { old: 'A.example', new: 'c.example' },
  },
  {
    kind: 'secret',
    secret: SECRET,
    sides: { old: { host: 'h', port: 1 }, new: { host: 'h', port: 2 } },
  },
  { kind: 'rds-proxy', proxy: 'shop', sides: { old: 'shop-15', new: 'shop-17' } },
].map(parseEndpoint);
const servers = new Map<string, TcpTarget>([
  ['old', { host: '127.0.0.1', port: 1 }],
  ['new', { host: '127.0.0.1', port: 2 }],
]);

let cloud: LocalCloud;
beforeEach(async () => {
  cloud = await LocalCloud.start();
});
afterEach(() => cloud.stop());

function services() {
  const made = { zones: new HostedZones(), secrets: new SecretStore(), proxies: new RdsProxies() };
  cloud.endpoint.register(made.secrets.operations());
  cloud.endpoint.registerXml(made.zones.service);
  cloud.endpoint.registerXml(made.proxies.service);
  return made;
}

test.each(SPECS)('connections follow what switches a $kind', async (spec) => {
  const made = services();
  made.secrets.put(SECRET, '{"username":"u","password":"p"}');
  placeEndpoint(spec, made, 'old');
  const resolve = endpointResolver(spec, made, (name) => servers.get(name));
  expect(await resolve()).toBe(servers.get('old'));
  await openEndpoint(spec).activate('new');
  expect(await resolve()).toBe(servers.get('new'));
  await openEndpoint(spec).activate('old');
  expect(await resolve()).toBe(servers.get('old'));
});

test.each(SPECS)('connections go nowhere while a $kind leads to neither side', async (spec) => {
  const resolve = endpointResolver(spec, services(), (name) => servers.get(name));
  expect(await resolve()).toBeUndefined();
});

test('a command is never run in a rehearsal', () => {
  const spec = parseEndpoint({
    kind: 'command',
    activate: ['/usr/bin/lb', '{side}'],
    active: ['/usr/bin/lb'],
    sides: { old: 'left', new: 'right' },
  });
  const message =
    "an endpoint must be a record, a secret or a proxy to be rehearsed, got command '/usr/bin/lb'; it would switch what is real: rehearse with one of the others";
  const made = services();
  expect(() => endpointResolver(spec, made, () => undefined)).toThrow(message);
  expect(() => placeEndpoint(spec, made, 'old')).toThrow(message);
});
