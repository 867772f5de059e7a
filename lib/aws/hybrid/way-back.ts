import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IDependable } from 'constructs';
import { selectedSchemas } from '../../postgres';
import { createLogin } from '../login';
import { Canary, Publication, ReplicationRole } from '../objects';
import type { Bridgehead } from './bridgehead';
import type { HybridMigrationProps } from './props';

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
  /** What must be there before the source's. */
  readonly onSource: readonly IDependable[];
  /** What must be there before the target's: not the other's, so that a source that is gone keeps nothing on the target. */
  readonly onTarget: readonly IDependable[];
}

/** The canaries of writer and target, which must be there before anything is published, mapped or subscribed to. */
export function createCanaries(
  scope: Construct,
  { runner, primary, standby, target }: Bridgehead,
  { sourceReaders, targetReaders, targetWriters, onSource, onTarget }: CanaryUse,
): { readonly onSource: Canary; readonly onTarget: Canary } {
  const onWriter = new Canary(scope, 'SourceCanary', {
    runner,
    server: primary ?? standby,
    readers: sourceReaders,
  });
  onWriter.node.addDependency(...onSource);
  const onReceiver = new Canary(scope, 'TargetCanary', {
    runner,
    server: target,
    readers: targetReaders,
    writers: targetWriters,
  });
  onReceiver.node.addDependency(...onTarget);
  return { onSource: onWriter, onTarget: onReceiver };
}

function reverseName({ namePrefix = 'pontoon' }: HybridMigrationProps): string {
  return `${namePrefix}_reverse`;
}
