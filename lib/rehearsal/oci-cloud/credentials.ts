import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Writes a profile that signs requests for stand-ins, with a key made here and now, to `directory`. Returns the
 * variables by which programs find it, and the endpoint at `url`.
 */
export function ociCredentials(directory: string, url: string): Record<string, string> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const keyFile = join(directory, 'oci-key.pem');
  writeFileSync(keyFile, privateKey, { mode: 0o600 });
  const configFile = join(directory, 'oci-config');
  const profile = {
    user: 'ocid1.user.oc1..rehearsal',
    tenancy: 'ocid1.tenancy.oc1..rehearsal',
    fingerprint: Array(16).fill('00').join(':'),
    region: 'us-ashburn-1',
    key_file: keyFile,
  };
  const lines = Object.entries(profile).map(([key, value]) => `${key}=${value}`);
  writeFileSync(configFile, `${['[DEFAULT]', ...lines].join('\n')}\n`, { mode: 0o600 });
  return {
    OCI_CLI_AUTH: 'api_key',
    OCI_CLI_CONFIG_FILE: configFile,
    OCI_CLI_PROFILE: 'DEFAULT',
    PONTOON_OCI_ENDPOINT: url,
  };
}
