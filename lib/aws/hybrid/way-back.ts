import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IDependable } from 'constructs';
import { selectedSchemas } from '../../postgres';
import { createLogin } from '../login';
import { Canary, Publication, ReplicationRole } from '../objects';
import type { HybridMigrationProps } from './props';
import type { Bridgehead } from './replicate';

/** The login by which the source follows the target after a cutover. */
export interface Reverse {
  /** The role on the target. */
  readonly role: ReplicationRole;
  /** Its login. */
  readonly login: ISecret;
  /** What is published to it; the canary must be there first. */
  readonly publication: Publication;
}

/** Role and publication on the target, to which the source subscribes at the cutover; undefined if no way back is asked for. */
export function prepareWayBack(
  scope: Construct,
  props: HybridMigrationProps,
  { runner, target: server, schema }: Bridgehead,
): Reverse | undefined {
  if (props.cutover?.wayBack === undefined) return undefined;
  const { selection } = props.replication;
  const name = reverseName(props);
  const login = createLogin(scope, 'ReverseLogin', {
    username: name,
    description: 'The source follows the target with it after a cutover',
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  const role = new ReplicationRole(scope, 'ReverseRole', {
    runner,
    server,
    roleName: name,
    passwordSecret: login,
    // Nobody gives out REPLICATION on Aurora.
    replication: false,
    memberOf: ['rds_replication'],
    readSchemas: selectedSchemas(selection),
  });
  const publication = new Publication(scope, 'ReversePublication', {
    runner,
    server,
    publicationName: name,
    selection,
    canary: true,
  });
  for (const made of [role, publication]) made.node.addDependency(schema);
  return { role, login, publication };
}

/** Who touches the canaries, and what must be there before them. */
export interface CanaryUse {
  /** Roles that read the source's. */
  readonly sourceReaders: string[];
  /** Roles that read the target's. */
  readonly targetReaders: string[];
  /** Roles that write the target's. */
  readonly targetWriters: string[];
  /** Those of these roles that are made here. */
  readonly roles: readonly IDependable[];
}

/** The canaries of writer and target, which must be there before anything is published, mapped or subscribed to. */
export function createCanaries(
  scope: Construct,
  { runner, primary, standby, target }: Bridgehead,
  { sourceReaders, targetReaders, targetWriters, roles }: CanaryUse,
): readonly Canary[] {
  const canaries = [
    new Canary(scope, 'SourceCanary', {
      runner,
      server: primary ?? standby,
      readers: sourceReaders,
    }),
    new Canary(scope, 'TargetCanary', {
      runner,
      server: target,
      readers: targetReaders,
      writers: targetWriters,
    }),
  ];
  for (const canary of canaries) canary.node.addDependency(...roles);
  return canaries;
}

function reverseName({ namePrefix = 'pontoon' }: HybridMigrationProps): string {
  return `${namePrefix}_reverse`;
}
