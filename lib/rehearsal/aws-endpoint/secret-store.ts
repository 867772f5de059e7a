import { createHash } from 'node:crypto';
import type { DynamicReference } from '../assembly';
import type { AwsOperations } from './aws-endpoint';
import { AwsServiceError } from './aws-error';
import { SecretVersions, type VersionChoice } from './secret-versions';

/** A secret in the stand-in of Secrets Manager, with its current version. */
export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
  readonly versionId: string;
}

interface Kept {
  readonly arn: string;
  readonly name: string;
  readonly versions: SecretVersions;
}

/** A stand-in for Secrets Manager: secrets by ARN, with their versions and stages. */
export class SecretStore {
  private readonly secrets = new Map<string, Kept>();
  private readonly everStored = new Set<string>();

  /** Makes a secret, or gives it another current version; the name is taken from the ARN unless given. */
  public put(arn: string, value: string, name: string = nameOf(arn)): StoredSecret {
    const secret = { arn, name, versions: this.secrets.get(arn)?.versions ?? new SecretVersions() };
    this.secrets.set(arn, secret);
    secret.versions.put(value);
    this.everStored.add(value);
    return stored(secret);
  }

  /** Finds a secret by ARN, by ARN without its last six characters, or by name. */
  public find(id: string): StoredSecret | undefined {
    const kept = this.keptAs(id);
    return kept === undefined ? undefined : stored(kept);
  }

  /** Deletes a secret. */
  public delete(arn: string): void {
    this.secrets.delete(arn);
  }

  /** Values of all secrets that there ever were, for scans that look for leaks. */
  public values(): readonly string[] {
    return [...this.everStored];
  }

  /** Resolves `{{resolve:secretsmanager:…}}`; undefined for what is not stored here. */
  public resolve(reference: DynamicReference): string | undefined {
    if (reference.service !== 'secretsmanager') return undefined;
    const secret = this.find(reference.id);
    if (secret === undefined || reference.jsonKey === undefined) return secret?.value;
    const fields: Record<string, unknown> = JSON.parse(secret.value);
    const found = Object.hasOwn(fields, reference.jsonKey) ? fields[reference.jsonKey] : undefined;
    return found === undefined ? undefined : String(found);
  }

  /** The operations that a client of Secrets Manager calls. */
  public operations(): AwsOperations {
    return {
      'secretsmanager.GetSecretValue': (input) => {
        const asked = input as SecretInput;
        const { arn, name, versions } = this.require(asked);
        const { id, value, createdAt } = versions.find(asked);
        return {
          ARN: arn,
          Name: name,
          VersionId: id,
          CreatedDate: createdAt / 1000,
          SecretString: value,
          VersionStages: versions.stagesById[id] ?? [],
        };
      },
      'secretsmanager.DescribeSecret': (input) => {
        const { arn, name, versions } = this.require(input as SecretInput);
        return {
          ARN: arn,
          Name: name,
          CreatedDate: versions.current.createdAt / 1000,
          VersionIdsToStages: versions.stagesById,
        };
      },
      'secretsmanager.PutSecretValue': (input) => {
        const asked = input as SecretInput;
        const { arn, name, versions } = this.require(asked);
        const value = asked.SecretString ?? '';
        const { id } = versions.put(value, {
          token: asked.ClientRequestToken,
          stages: asked.VersionStages,
        });
        this.everStored.add(value);
        return {
          ARN: arn,
          Name: name,
          VersionId: id,
          VersionStages: versions.stagesById[id] ?? [],
        };
      },
      'secretsmanager.UpdateSecretVersionStage': (input) => {
        const asked = input as SecretInput;
        const { arn, name, versions } = this.require(asked);
        versions.move(asked.VersionStage ?? '', asked.MoveToVersionId, asked.RemoveFromVersionId);
        return { ARN: arn, Name: name };
      },
    };
  }

  private require({ SecretId = '' }: SecretInput): Kept {
    const secret = this.keptAs(SecretId);
    if (secret !== undefined) return secret;
    throw new AwsServiceError(
      'ResourceNotFoundException',
      "Secrets Manager can't find the specified secret.",
    );
  }

  private keptAs(id: string): Kept | undefined {
    const exact = this.secrets.get(id);
    if (exact !== undefined) return exact;
    return [...this.secrets.values()].find(
      ({ arn, name }) => name === id || arn.replace(/-[A-Za-z0-9]{6}$/, '') === id,
    );
  }
}

/** What the operations are asked with. */
interface SecretInput extends VersionChoice {
  readonly SecretId?: string;
  readonly SecretString?: string;
  readonly ClientRequestToken?: string;
  readonly VersionStages?: readonly string[];
  readonly MoveToVersionId?: string;
  readonly RemoveFromVersionId?: string;
}

function stored({ arn, name, versions }: Kept): StoredSecret {
  const { id, value } = versions.current;
  return { arn, name, value, versionId: id };
}

/** An ARN as Secrets Manager makes it: the name with six characters more. */
export function secretArn(name: string, place: SecretPlace): string {
  const suffix = createHash('sha256').update(name).digest('hex').slice(0, 6);
  return `arn:${place.partition}:secretsmanager:${place.region}:${place.account}:secret:${name}-${suffix}`;
}

/** Where a secret is. */
export interface SecretPlace {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
}

function nameOf(arn: string): string {
  return (arn.split(':')[6] ?? arn).replace(/-[A-Za-z0-9]{6}$/, '');
}
