import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PontoonError, parseSecret, type Secret, type SecretStore } from '../postgres';
import { rememberedSecrets } from './remembered-secrets';

/**
 * The secrets of AWS Secrets Manager, by ARN or name. Each is fetched once per process, and again when it is asked for
 * fresh. Region and credentials are those of the process.
 */
export function awsSecrets(): SecretStore {
  return rememberedSecrets(createClient, fetchSecret);
}

async function createClient(): Promise<SecretsManagerClient> {
  const sdk = await import('@aws-sdk/client-secrets-manager');
  return new sdk.SecretsManagerClient({});
}

async function fetchSecret(
  client: Promise<SecretsManagerClient>,
  reference: string,
): Promise<Secret> {
  const { GetSecretValueCommand } = await import('@aws-sdk/client-secrets-manager');
  const answer = await (await client)
    .send(new GetSecretValueCommand({ SecretId: reference }))
    .catch((error: unknown) => {
      throw new PontoonError(
        'SECRET_UNAVAILABLE',
        `secret '${reference}' must be readable, got ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}; ${wayOut(error)}`,
        { cause: error },
      );
    });
  if (answer.SecretString === undefined) {
    throw new PontoonError(
      'SECRET_UNAVAILABLE',
      `secret '${reference}' must be a text, got binary data; store it as {"username": "…", "password": "…"}`,
    );
  }
  return parseSecret(answer.SecretString, reference, answer.VersionId ?? 'unknown');
}

function wayOut(error: unknown): string {
  switch (error instanceof Error ? error.name : '') {
    case 'ResourceNotFoundException':
      return 'correct its ARN, or create it in this account and region';
    case 'AccessDeniedException':
    case 'KMSAccessDeniedException':
      return 'allow secretsmanager:GetSecretValue on it, and kms:Decrypt on its key';
    case 'DecryptionFailure':
      return 'allow kms:Decrypt on its key';
    default:
      return 'make the endpoint of Secrets Manager reachable from here';
  }
}
