import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ociSession, placed } from '../../lib/endpoints/oci-session';
import { ociCredentials } from '../../lib/rehearsal/oci-cloud';

const environment = { ...process.env };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-oci-'));
  Object.assign(process.env, ociCredentials(directory, 'http://127.0.0.1:1'));
});
afterEach(() => {
  process.env = { ...environment };
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ['ocid1.vaultsecret.oc1.iad.amaaaaaa', 'us-ashburn-1'],
  ['ocid1.vaultsecret.oc1.eu-madrid-1.amaaaaaa', 'eu-madrid-1'],
  ['ocid1.vaultsecret.oc1..amaaaaaa', undefined],
  ['another name', undefined],
])('the region of %s is %s', async (ocid, region) => {
  const { regionOf } = await ociSession();
  expect(regionOf(ocid)).toBe(region);
});

test('a service is asked in the region of what it is asked for, whichever that of the profile is', async () => {
  delete process.env.PONTOON_OCI_ENDPOINT;
  const { authenticationDetailsProvider, regionOf } = await ociSession();
  const { SecretsClient } = await import('oci-secrets');
  const client = new SecretsClient({ authenticationDetailsProvider });
  expect(client.endpoint).toBe('https://secrets.vaults.us-ashburn-1.oci.oraclecloud.com/20190301');
  placed(client, regionOf('ocid1.vaultsecret.oc1.fra.amaaaaaa'));
  expect(client.endpoint).toBe(
    'https://secrets.vaults.eu-frankfurt-1.oci.oraclecloud.com/20190301',
  );
});
