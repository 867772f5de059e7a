import { ociSecrets } from '../../lib/endpoints';
import { LocalOci } from './oci-cloud';

const SECRET = 'ocid1.vaultsecret.oc1..reader';

let oci: LocalOci;
beforeEach(async () => {
  oci = await LocalOci.start();
});
afterEach(() => oci.stop());

test('a secret is fetched once, and again when it is asked for fresh', async () => {
  oci.vault.put(SECRET, '{"username":"reader","password":"first"}');
  const secrets = ociSecrets();
  await expect(secrets.get(SECRET)).resolves.toMatchObject({ password: 'first', version: '1' });
  oci.vault.put(SECRET, '{"username":"reader","password":"second"}');
  await expect(secrets.get(SECRET)).resolves.toMatchObject({ password: 'first' });
  await expect(secrets.get(SECRET, { fresh: true })).resolves.toMatchObject({
    password: 'second',
    version: '2',
  });
});

test('a secret that is not there is told with the way out, and asked for again', async () => {
  const secrets = ociSecrets();
  await expect(secrets.get(SECRET)).rejects.toMatchObject({
    code: 'SECRET_UNAVAILABLE',
    message: `secret '${SECRET}' must be readable, got NotAuthorizedOrNotFound: secret ${SECRET} was not found; correct its OCID, or allow the dynamic group to read secret-bundles in its compartment`,
  });
  oci.vault.put(SECRET, '{"username":"reader","password":"first"}');
  await expect(secrets.get(SECRET)).resolves.toMatchObject({ username: 'reader' });
});

test('a vault that cannot be reached is told as such', async () => {
  await oci.endpoint.close();
  await expect(ociSecrets().get(SECRET)).rejects.toMatchObject({
    message: `secret '${SECRET}' must be readable, got Error: fetch failed; make the endpoint of OCI Vault reachable from here`,
  });
});
