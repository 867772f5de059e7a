import type { models, SecretsClient } from 'oci-secrets';
import { PontoonError, parseSecret, type Secret, type SecretStore } from '../postgres';
import { reasonOf } from './endpoint-error';
import { ociAnswer, ociSession, placed, statusOf } from './oci-session';
import { rememberedSecrets } from './remembered-secrets';

/**
 * The secrets of OCI Vault, by OCID. Each is fetched once per process, and again when it is asked for fresh; always in
 * its current version.
 */
export function ociSecrets(): SecretStore {
  return rememberedSecrets(createClient, fetchSecret);
}

async function createClient(): Promise<SecretsClient> {
  const { authenticationDetailsProvider, configuration } = await ociSession();
  const sdk = await import('oci-secrets');
  const client = new sdk.SecretsClient({ authenticationDetailsProvider }, configuration);
  return placed(client, undefined);
}

async function fetchSecret(client: Promise<SecretsClient>, secretId: string): Promise<Secret> {
  const { secretBundle } = await askFor(client, secretId).catch((error: unknown) => {
    throw new PontoonError(
      'SECRET_UNAVAILABLE',
      `secret '${secretId}' must be readable, got ${reasonOf(error)}; ${wayOut(error)}`,
      { cause: error },
    );
  });
  const text = Buffer.from(contentOf(secretBundle), 'base64').toString('utf8');
  return parseSecret(text, secretId, String(secretBundle.versionNumber));
}

async function askFor(client: Promise<SecretsClient>, secretId: string) {
  const vault = await client;
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
