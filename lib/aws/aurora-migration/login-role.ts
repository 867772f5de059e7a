import type { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { namesOf, selectedSchemas } from '../../postgres';
import { createLogin } from '../login';
import { ReplicationRole } from '../objects';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import type { AuroraMigrationProps } from './props';

/** What makes a role one that replicates on Aurora, where nobody gives out REPLICATION. */
const REPLICATES = { replication: false, memberOf: ['rds_replication'] };

/** What makes objects on a server. */
export interface OnServer {
  readonly runner: RunnerFunction;
  readonly server: ServerBinding;
}

/** A role with its login. */
export interface LoginRole {
  readonly role: ReplicationRole;
  readonly login: Secret;
}

/** A role that reads and decodes what is replicated. */
export function createRole(
  scope: Construct,
  props: AuroraMigrationProps,
  { id, runner, server }: { readonly id: 'Reader' | 'Reverse' } & OnServer,
): LoginRole {
  const { selection, passwordGeneration = 1 } = props.replication;
  const username = id === 'Reader' ? namesOf(props).readerRole : reverseName(props);
  const generation = passwordGeneration === 1 ? '' : String(passwordGeneration);
  const login = createLogin(scope, `${id}Login${generation}`, {
    username,
    description: `The subscription reads from '${server.server}' with it`,
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  const role = new ReplicationRole(scope, `${id}Role`, {
    runner,
    server,
    roleName: username,
    passwordSecret: login,
    ...REPLICATES,
    readSchemas: selectedSchemas(selection),
  });
  return { role, login };
}

/** The name of role and publication of the way back; publications of parts end with the part’s. */
export function reverseName({ namePrefix = 'pontoon' }: AuroraMigrationProps): string {
  return `${namePrefix}_reverse`;
}
