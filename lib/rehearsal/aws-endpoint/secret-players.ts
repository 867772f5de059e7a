import { isDeepStrictEqual } from 'node:util';
import { PontoonError } from '../../postgres';
import { isRecord, type PlainRecord, recordOf } from '../assembly';
import type { ResourceOutcome, ResourcePlayers, ResourceRequest } from '../cloudformation';
import { generateSecret } from './generated-secret';
import { type SecretStore, secretArn } from './secret-store';

/**
 * Fields that an attachment adds to a secret (`host`, `port`, `engine`, `dbname`, …), by the id
 * of the database to which it is attached; undefined for an unknown one.
 */
export type AttachedFields = (targetId: string, targetType: string) => PlainRecord | undefined;

/** Plays `AWS::SecretsManager::Secret` and `SecretTargetAttachment` on a store. */
export function secretPlayers(
  store: SecretStore,
  attachedFields: AttachedFields = () => undefined,
): ResourcePlayers {
  return {
    'AWS::SecretsManager::Secret': {
      uses: ['GenerateSecretString', 'Name', 'SecretString'],
      create: async (request) => putSecret(store, request, undefined),
      update: async (request, previous) => putSecret(store, request, previous),
      delete: async (_request, current) => store.delete(current.physicalId),
    },
    'AWS::SecretsManager::SecretTargetAttachment': {
      create: async (request) => attach(store, request, attachedFields),
      update: async (request) => attach(store, request, attachedFields),
    },
  };
}

function putSecret(
  store: SecretStore,
  request: ResourceRequest,
  previous: ResourceOutcome | undefined,
): ResourceOutcome {
  const { properties, stack, logicalId } = request;
  const name =
    typeof properties.Name === 'string' ? properties.Name : `${stack.stackName}-${logicalId}`;
  const arn = secretArn(name, stack);
  const settings = properties.GenerateSecretString;
  const kept = previous?.physicalId === arn ? previous : undefined;
  const sameSettings = isDeepStrictEqual(kept?.attributes.GenerateSecretString, settings);
  // Like Secrets Manager, a generated value changes only when what it is generated from does.
  if (!(isRecord(settings) && kept !== undefined && sameSettings)) {
    store.put(arn, secretText(properties, logicalId), name);
  }
  return { physicalId: arn, attributes: { Id: arn, GenerateSecretString: settings } };
}

function secretText(properties: PlainRecord, logicalId: string): string {
  const { GenerateSecretString: settings, SecretString: given } = properties;
  if (typeof given === 'string' && settings === undefined) return given;
  if (given === undefined && isRecord(settings)) {
    return generateSecret(settings, `secret "${logicalId}"`);
  }
  throw new PontoonError(
    'SECRET',
    `secret "${logicalId}" requires one of 'SecretString' and 'GenerateSecretString', got ${given === undefined ? 'none' : 'both'}`,
  );
}

function attach(
  store: SecretStore,
  request: ResourceRequest,
  attachedFields: AttachedFields,
): ResourceOutcome {
  const { SecretId: secretId, TargetId: targetId, TargetType: targetType } = request.properties;
  const secret = store.find(String(secretId));
  const fields = attachedFields(String(targetId), String(targetType));
  if (secret === undefined || fields === undefined) {
    throw new PontoonError(
      'SECRET',
      `attachment "${request.logicalId}" requires ${secret === undefined ? `the secret "${secretId}"` : `the fields of "${targetId}" (${targetType})`}, got none; ${secret === undefined ? 'play the secret' : "give them in 'attachedFields'"}`,
    );
  }
  const current: unknown = JSON.parse(secret.value);
  store.put(secret.arn, JSON.stringify({ ...recordOf(current), ...fields }), secret.name);
  return { physicalId: secret.arn, attributes: { Id: secret.arn } };
}
