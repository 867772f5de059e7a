import { openEndpoint } from '../../lib/endpoints';
import { parseEndpoint } from '../../lib/postgres';
import { LocalOci } from './oci-cloud';

const ZONE = 'ocid1.dns-zone.oc1..shop';
const VIEW = 'ocid1.dnsview.oc1..shop';
const NAME = 'nlb-app.postgres.local';
const SPEC = parseEndpoint({
  kind: 'oci-private-dns-record',
  zoneId: ZONE,
  viewId: VIEW,
  recordName: NAME,
  sides: { blue: '10.0.0.5', green: '10.0.0.6' },
});

let oci: LocalOci;
beforeEach(async () => {
  oci = await LocalOci.start();
  oci.zones.put(ZONE, VIEW, NAME, [{ address: '10.0.0.5', ttl: 30 }]);
});
afterEach(() => oci.stop());

test('the record leads to a side, and is replaced as a whole', async () => {
  const endpoint = openEndpoint(SPEC);
  await expect(endpoint.active()).resolves.toBe('blue');
  await endpoint.activate('green');
  await endpoint.activate('green');
  await expect(endpoint.active()).resolves.toBe('green');
  expect(oci.zones.find(ZONE, VIEW, NAME)).toEqual([{ address: '10.0.0.6', ttl: 5 }]);
});

test.each([
  ['is not there', [], 'no such A record'],
  ['leads elsewhere', [{ address: '10.0.0.9', ttl: 5 }], "'10.0.0.9'"],
])('nothing is changed while the record %s', async (_, records, found) => {
  oci.zones.put(ZONE, VIEW, NAME, records);
  await expect(openEndpoint(SPEC).activate('green')).rejects.toMatchObject({
    code: 'ENDPOINT_UNKNOWN_SIDE',
    message: `record 'nlb-app.postgres.local' must lead to '10.0.0.5' (blue) or '10.0.0.6' (green), got ${found}; nothing was changed: set it to one of the two, or correct 'sides'`,
  });
});

test('what cannot be understood is refused with all its problems', () => {
  const spec = {
    ...SPEC,
    zoneId: 'shop',
    ttlSeconds: 300,
    sides: { blue: 'a.example', green: '10.0.0.6' },
  };
  expect(() => parseEndpoint(spec)).toThrow(
    [
      'endpoint has 3 problems:',
      '- \'endpoint.zoneId\' must be an OCID, which begins with ocid1., got "shop"; copy it from OCI',
      '- \'endpoint.sides.blue\' must be an IPv4 address, got "a.example"; give the address of the database endpoint, not its name',
      "- 'endpoint.ttlSeconds' must be at most 60, got 300; clients stay on the old side for so long; use a few seconds",
    ].join('\n'),
  );
});
