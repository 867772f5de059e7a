import { randomUUID } from 'node:crypto';
import { AwsServiceError } from './aws-error';

/** One version of a secret. */
export interface SecretVersion {
  readonly id: string;
  readonly value: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** How a version is asked for. */
export interface VersionChoice {
  readonly VersionId?: string;
  readonly VersionStage?: string;
}

/** The versions of one secret, and the stages that are attached to them. */
export class SecretVersions {
  private readonly versions = new Map<string, SecretVersion>();
  private readonly stages = new Map<string, string>();

  /** The version with stage AWSCURRENT. */
  public get current(): SecretVersion {
    return this.find({});
  }

  /** The stages of each version that has one. */
  public get stagesById(): Readonly<Record<string, readonly string[]>> {
    const byId: Record<string, string[]> = {};
    for (const [stage, id] of this.stages) byId[id] = [...(byId[id] ?? []), stage];
    return byId;
  }

  /** Adds a version, and moves `stages` to it. Adding the same one twice is adding it once. */
  public put(
    value: string,
    { token = randomUUID(), stages = ['AWSCURRENT'] }: NewVersion = {},
  ): SecretVersion {
    const same = this.versions.get(token);
    if (same !== undefined) {
      if (same.value === value) return same;
      throw new AwsServiceError(
        'ResourceExistsException',
        `The operation failed because you already used ClientRequestToken ${token} for another value.`,
      );
    }
    const version = { id: token, value, createdAt: Date.now() };
    this.versions.set(token, version);
    for (const stage of stages) this.attach(stage, token);
    return version;
  }

  /** Moves a stage; the version that has it now must be named. */
  public move(stage: string, to: string | undefined, from: string | undefined): void {
    const holder = this.stages.get(stage);
    if (holder !== from) {
      throw new AwsServiceError(
        'InvalidParameterException',
        `Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
    if (to === undefined) {
      this.stages.delete(stage);
      return;
    }
    this.find({ VersionId: to });
    this.attach(stage, to);
  }

  /** The version that is asked for; the current one unless anything is said. */
  public find({ VersionId, VersionStage }: VersionChoice): SecretVersion {
    const stage = VersionStage ?? (VersionId === undefined ? 'AWSCURRENT' : undefined);
    const id = stage === undefined ? VersionId : this.stages.get(stage);
    const version = this.versions.get(id ?? '');
    if (version !== undefined && (VersionId === undefined || VersionId === id)) return version;
    const asked = stage === undefined ? `VersionId: ${VersionId}` : `staging label: ${stage}`;
    throw new AwsServiceError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${asked}`,
    );
  }

  private attach(stage: string, id: string): void {
    const before = this.stages.get(stage);
    this.stages.set(stage, id);
    if (stage === 'AWSCURRENT' && before !== undefined && before !== id)
      this.stages.set('AWSPREVIOUS', before);
  }
}

/** How a version is added. */
export interface NewVersion {
  /** Its id. @default - a new one */
  readonly token?: string | undefined;
  /** @default - it becomes the current one */
  readonly stages?: readonly string[] | undefined;
}
