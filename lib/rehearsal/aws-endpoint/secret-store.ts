import { createHash, randomUUID } from 'node:crypto';
import type { DynamicReference } from '../assembly';
import type { AwsOperations } from './aws-endpoint';
import { AwsServiceError } from './aws-error';

/** A secret in the stand-in of Secrets Manager. */
export interface StoredSecret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
  readonly versionId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** A stand-in for Secrets Manager: secrets by ARN, with their current version only. */
export class SecretStore {
  private readonly secrets = new Map<string, StoredSecret>();
  private readonly everStored = new Set<string>();

  /** Makes or changes a secret; the name is taken from the ARN unless given. */
  public put(arn: string, value: string, name: string = nameOf(arn)): StoredSecret {
    const secret = { arn, name, value, versionId: randomUUID(), createdAt: Date.now() };
    this.secrets.set(arn, secret);
    this.everStored.add(value);
    return secret;
  }

  /** Finds a secret by ARN, by ARN without its last six characters, or by name. */
  public find(id: string): StoredSecret | undefined {
    const exact = this.secrets.get(id);
    if (exact !== undefined) return exact;
    return [...this.secrets.values()].find(
      ({ arn, name }) => name === id || arn.replace(/-[A-Za-z0-9]{6}$/, '') === id,
    );
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
        const secret = this.require(input);
        return {
          ...descriptionOf(secret),
          SecretString: secret.value,
          VersionStages: ['AWSCURRENT'],
        };
      },
      'secretsmanager.DescribeSecret': (input) => {
        const secret = this.require(input);
        const { ARN, Name, CreatedDate } = descriptionOf(secret);
        return {
          ARN,
          Name,
          CreatedDate,
          VersionIdsToStages: { [secret.versionId]: ['AWSCURRENT'] },
        };
      },
    };
  }

  private require(input: unknown): StoredSecret {
    const asked = input as {
      readonly SecretId?: string;
      readonly VersionStage?: string;
      readonly VersionId?: string;
    };
    const secret = this.find(asked.SecretId ?? '');
    if (secret === undefined) {
      throw new AwsServiceError(
        'ResourceNotFoundException',
        "Secrets Manager can't find the specified secret.",
      );
    }
    const { VersionStage: stage = 'AWSCURRENT', VersionId: version = secret.versionId } = asked;
    if (stage !== 'AWSCURRENT' || version !== secret.versionId) {
      throw new AwsServiceError(
        'ResourceNotFoundException',
        `the stand-in keeps only the current version of a secret, got stage ${stage}`,
      );
    }
    return secret;
  }
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

function descriptionOf(secret: StoredSecret) {
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: secret.versionId,
    CreatedDate: secret.createdAt / 1000,
  };
}

function nameOf(arn: string): string {
  return (arn.split(':')[6] ?? arn).replace(/-[A-Za-z0-9]{6}$/, '');
}
