import { openEndpoint } from '../../lib/endpoints';
import { parseEndpoint } from '../../lib/postgres';
import { AwsServiceError, type DnsRecord, HostedZones } from '../../lib/rehearsal/aws-endpoint';
import type { XmlRequest } from '../../lib/rehearsal/aws-endpoint/xml';
import { LocalCloud } from './cloud';

const ZONE = 'Z0123456789ABC';
const spec = parseEndpoint({
  kind: 'route53-record',
  hostedZoneId: ZONE,
  recordName: 'DB.shop.example',
  ttlSeconds: 2,
  sides: { onPremises: 'a.corp.example', aurora: 'C.cluster.example' },
});
let cloud: LocalCloud;
/** Looks at requests before the stand-in does. */
let intercept: (request: XmlRequest) => void;

beforeEach(async () => {
  cloud = await LocalCloud.start();
  intercept = () => undefined;
});
afterEach(() => cloud.stop());

function zone(record: Partial<DnsRecord> | undefined, propagationMs = 0): HostedZones {
  const zones = new HostedZones(propagationMs);
  const given = { name: 'db.shop.example', type: 'CNAME', ttl: 60, values: ['a.corp.example'] };
  const after = { name: 'zz.shop.example', type: 'CNAME', ttl: 60, values: ['a.corp.example'] };
  zones.add(ZONE, [...(record === undefined ? [] : [{ ...given, ...record }]), after]);
  cloud.endpoint.registerXml((request) => {
    const call = zones.service(request);
    if (call === undefined) return undefined;
    return {
      target: call.target,
      answer: () => {
        intercept(request);
        return call.answer();
      },
    };
  });
  return zones;
}

test('a record is switched there and back, and again without harm', async () => {
  const zones = zone({});
  const endpoint = openEndpoint(spec);
  expect(await endpoint.active()).toBe('onPremises');
  await endpoint.activate('aurora');
  expect(await endpoint.active()).toBe('aurora');
  expect(zones.find(ZONE, 'db.shop.example')).toBe('C.cluster.example');
  await endpoint.activate('aurora');
  await openEndpoint(spec).activate('onPremises');
  expect(await endpoint.active()).toBe('onPremises');
  expect(zones.find(ZONE, 'zz.shop.example')).toBe('a.corp.example');
});

test('it returns when the change is accepted, and waits until it is in sync when that is asked for', async () => {
  zone({}, 150);
  await openEndpoint(spec).activate('aurora');
  expect(cloud.endpoint.calls.filter(({ target }) => target.endsWith('.GetChange'))).toEqual([]);
  const begun = Date.now();
  // By another process than the one that switched.
  await openEndpoint(spec).untilEverywhere?.('aurora');
  expect(Date.now() - begun).toBeGreaterThanOrEqual(150);
});

test('a record that leads elsewhere meanwhile is not waited for', async () => {
  zone({});
  await expect(openEndpoint(spec).untilEverywhere?.('aurora')).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message:
      "record 'DB.shop.example' must lead to 'aurora', got 'onPremises'; somebody else changed it: agree who does",
  });
  expect(cloud.changes()).toEqual([]);
});

test('a change that takes too long is told, with what it means', async () => {
  zone({}, 60_000);
  await openEndpoint(spec).activate('aurora');
  const everywhere = openEndpoint(spec, { timeoutSeconds: 0.1 }).untilEverywhere?.('aurora');
  await expect(everywhere).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message: expect.stringMatching(
      /^record 'DB\.shop\.example' must lead to 'aurora', got change 'C[0-9A-F]{20}' still PENDING after 0\.1 s; it was accepted and comes later: wait for it, or switch back$/,
    ),
  });
  expect(await openEndpoint(spec).active()).toBe('aurora');
});

test('the caller ends the wait', async () => {
  zone({}, 60_000);
  const reason = new Error('the budget is spent');
  const controller = new AbortController();
  await openEndpoint(spec).activate('aurora');
  const everywhere = openEndpoint(spec).untilEverywhere?.('aurora', controller);
  setTimeout(() => controller.abort(reason), 200);
  await expect(everywhere).rejects.toBe(reason);
  await expect(
    openEndpoint(spec).activate('aurora', { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});

test.each([
  ['somebody else’s value', { values: ['x.example'] }, "'x.example'"],
  ['several values', { values: ['a.corp.example', 'x'] }, "'a.corp.example', 'x'"],
  ['a routing policy', { setIdentifier: 'blue' }, "a record of a routing policy, set 'blue'"],
  ['another type', { type: 'A' }, 'no such CNAME record'],
  ['no record', undefined, 'no such CNAME record'],
])('%s is not changed', async (_, record, told) => {
  zone(record);
  const endpoint = openEndpoint(spec);
  const error = {
    code: 'ENDPOINT_UNKNOWN_SIDE',
    message: `record 'DB.shop.example' must lead to 'a.corp.example' (onPremises) or 'C.cluster.example' (aurora), got ${told}; nothing was changed: set it to one of the two, or correct 'sides'`,
  };
  await expect(endpoint.active()).rejects.toMatchObject(error);
  await expect(endpoint.activate('aurora')).rejects.toMatchObject(error);
  expect(cloud.changes()).toEqual([]);
});

test('a server that is no side is refused before anything is asked', async () => {
  await expect(openEndpoint(spec).activate('standby')).rejects.toThrow(
    "'server' must be a side of the endpoint, got 'standby'; name one of 'onPremises', 'aurora'",
  );
  expect(cloud.endpoint.calls).toEqual([]);
});

test('a record that somebody changes at the same time is theirs', async () => {
  const zones = zone({});
  intercept = ({ method }) => {
    if (method === 'POST')
      zones.add(ZONE, [{ name: 'db.shop.example', type: 'CNAME', ttl: 60, values: ['x.example'] }]);
  };
  await expect(openEndpoint(spec).activate('aurora')).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message:
      "record 'DB.shop.example' must lead to 'aurora', got InvalidChangeBatch: [Tried to delete resource record set [name='db.shop.example.', type='CNAME'] but the values provided do not match the current values, Tried to create resource record set [name='db.shop.example.', type='CNAME'] but it already exists]; somebody else changed it: look who, and try again",
  });
  expect(zones.find(ZONE, 'db.shop.example')).toBe('x.example');
});

test('a change whose answer was lost is found done', async () => {
  const zones = zone({});
  intercept = ({ method }) => {
    // As if an earlier attempt of the same call had arrived.
    if (method === 'POST' && zones.find(ZONE, 'db.shop.example') === 'a.corp.example')
      zones.add(ZONE, [
        { name: 'db.shop.example', type: 'CNAME', ttl: 2, values: ['C.cluster.example'] },
      ]);
  };
  await openEndpoint(spec).activate('aurora');
  expect(cloud.changes()).toEqual([
    'route53.ChangeResourceRecordSets: InvalidChangeBatch',
    'route53.ChangeResourceRecordSets',
  ]);
});

test('a denial names the rights, and an endpoint that cannot be reached itself', async () => {
  zone({});
  intercept = () => {
    throw new AwsServiceError('AccessDenied', 'not you', 403);
  };
  await expect(openEndpoint(spec).active()).rejects.toMatchObject({
    code: 'ENDPOINT_UNAVAILABLE',
    message:
      "record 'DB.shop.example' must be readable and changeable, got AccessDenied: not you; allow route53:ListResourceRecordSets, route53:ChangeResourceRecordSets, route53:GetChange",
  });
  await cloud.endpoint.close();
  await expect(openEndpoint(spec).active()).rejects.toThrow(
    /^record 'DB\.shop\.example' must be readable and changeable, got .*ECONNREFUSED.*; give region and credentials, and make the endpoint of Amazon Route 53 reachable from here$/,
  );
});
