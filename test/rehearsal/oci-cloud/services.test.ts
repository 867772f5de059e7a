import { LocalOci } from '../../endpoints/oci-cloud';

const ZONE = 'ocid1.dns-zone.oc1..shop';
const VIEW = 'ocid1.dnsview.oc1..shop';

let oci: LocalOci;
beforeEach(async () => {
  oci = await LocalOci.start();
});
afterEach(() => oci.stop());

async function ask(path: string, init: RequestInit = {}, signature = 'Signature of a test') {
  const headers = { ...init.headers, authorization: signature };
  const answer = await fetch(`${oci.endpoint.url}${path}`, { ...init, headers });
  const body = (await answer.json()) as object;
  return { status: answer.status, etag: answer.headers.get('etag'), body };
}

const recordPath = (zone: string, name: string, view = VIEW): string =>
  `/20180115/zones/${zone}/records/${name}/A?scope=PRIVATE&viewId=${view}`;

test('the records of a name are read, and replaced as a whole', async () => {
  oci.zones.put(ZONE, VIEW, 'db.shop.example', [{ address: '10.0.0.5', ttl: 30 }]);
  const body = JSON.stringify({ items: [{ rdata: '10.0.0.6', ttl: 5 }] });
  await ask(recordPath(ZONE, 'DB.shop.example.'), { method: 'PUT', body });
  await expect(ask(recordPath(ZONE, 'db.shop.example'))).resolves.toMatchObject({
    status: 200,
    body: { items: [{ rtype: 'A', rdata: '10.0.0.6', ttl: 5 }] },
  });
});

test('records that changed since they were read are not replaced', async () => {
  oci.zones.put(ZONE, VIEW, 'db.shop.example', [{ address: '10.0.0.5', ttl: 30 }]);
  const { etag } = await ask(recordPath(ZONE, 'db.shop.example'));
  oci.zones.put(ZONE, VIEW, 'db.shop.example', [{ address: '10.0.0.7', ttl: 30 }]);
  const body = JSON.stringify({ items: [] });
  const headers = { 'if-match': String(etag) };
  await expect(
    ask(recordPath(ZONE, 'db.shop.example'), { method: 'PUT', body, headers }),
  ).resolves.toMatchObject({ status: 412, body: { code: 'NoEtagMatch' } });
});

test('an unknown zone, view or name is refused', async () => {
  oci.zones.put(ZONE, VIEW, 'db.shop.example', [{ address: '10.0.0.5', ttl: 30 }]);
  const refused = { status: 404, body: { code: 'NotAuthorizedOrNotFound' } };
  await expect(ask(recordPath('other', 'db.shop.example'))).resolves.toMatchObject(refused);
  await expect(ask(recordPath(ZONE, 'other.example'))).resolves.toMatchObject(refused);
  await expect(ask(recordPath(ZONE, 'db.shop.example', 'v'))).resolves.toMatchObject(refused);
});

test('a secret is read by its OCID, in its current version', async () => {
  oci.vault.put('ocid1.vaultsecret.oc1..a', 'first');
  oci.vault.put('ocid1.vaultsecret.oc1..a', 'second');
  const content = Buffer.from('second').toString('base64');
  await expect(ask('/20190301/secretbundles/ocid1.vaultsecret.oc1..a')).resolves.toMatchObject({
    status: 200,
    body: { versionNumber: 2, secretBundleContent: { contentType: 'BASE64', content } },
  });
  expect(oci.vault.find('ocid1.vaultsecret.oc1..a')).toBe('second');
});

test('a secret that is not there is refused as one that may not be read', async () => {
  await expect(ask('/20190301/secretbundles/ocid1.vaultsecret.oc1..b')).resolves.toMatchObject({
    status: 404,
    body: { code: 'NotAuthorizedOrNotFound' },
  });
});

test('what nothing stands in for is refused and recorded, and so is a call without a signature', async () => {
  await expect(ask('/20160918/instances/a')).resolves.toMatchObject({ status: 404 });
  expect(oci.endpoint.unknownCalls).toEqual(['GET /20160918/instances/a']);
  await expect(ask('/20190301/secretbundles/a', {}, '')).resolves.toMatchObject({ status: 401 });
});
