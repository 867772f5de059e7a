import type { models, SecretsClient } from 'oci-secrets';
import { PontoonError, parseSecret, type Secret, type SecretStore } from '../postgres';
import { reasonOf } from './endpoint-error';
import { ociAnswer, ociSession, placed, statusOf } from './oci-session';
import { rememberedSecrets } from './remembered-secrets';

/** A client of Vault for the region of a secret, which need not be that of whoever asks. */
type SecretsClients = (secretId: string) => SecretsClient;

/**
 * The secrets of OCI Vault, by OCID, each in its own region. Each is fetched once per process, and again when it is asked
 * for fresh; always in its current version.
 */
export function ociSecrets(): SecretStore {
  return rememberedSecrets(createClients, fetchSecret);
}

async function createClients(): Promise<SecretsClients> {
  const { authenticationDetailsProvider, configuration, regionOf } = await ociSession();
  const sdk = await import('oci-secrets');
  const clients = new Map<string | undefined, SecretsClient>();
  return (secretId) => {
    const region = regionOf(secretId);
    const client =
      clients.get(region) ??
      placed(new sdk.SecretsClient({ authenticationDetailsProvider }, configuration), region);
    clients.set(region, client);
    return client;
  };
}

async function fetchSecret(clients: Promise<SecretsClients>, secretId: string): Promise<Secret> {
  const { secretBundle } = await askFor(clients, secretId).catch((error: unknown) => {
    throw new PontoonError(
      'SECRET_UNAVAILABLE',
      `secret '${secretId}' must be readable, got ${reasonOf(error)}; ${wayOut(error)}`,
      { cause: error },
    );
  });
  const text = Buffer.from(contentOf(secretBundle), 'base64').toString('utf8');
  return parseSecret(text, secretId, String(secretBundle.versionNumber));
}

async function askFor(clients: Promise<SecretsClients>, secretId: string) {
  const vault = (await clients)(secretId);
  return await ociAnswer(() => vault.getSecretBundle({ secretId }));
}

function contentOf({ secretBundleContent }: models.SecretBundle): string {
  return secretBundleContent?.content ?? '';
}

function wayOut(error: unknown): string {
  switch (statusOf(error)) {
    case 401:
      return 'let the instance be a member of a dynamic group, or give the credentials of a profile with OCI_CLI_AUTH=api_key';
    case 404:
      return 'correct its OCID, or allow the dynamic group to read secret-bundles in its compartment';
    default:
      return 'make the endpoint of OCI Vault reachable from here';
  }
}
