import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { DatabaseRight, ValidationError } from '../../postgres';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** A role that replication logs in as. */
export interface ReplicationRoleProps extends PostgresObjectProps {
  /** The role's name. Changing it replaces the role. */
  readonly roleName: string;
  /**
   * The secret with `username` (the role's name) and `password`. The server is given a SCRAM verifier, never the
   * password. A new version of the secret is applied with the next deployment.
   */
  readonly passwordSecret: ISecret;
  /**
   * Whether the role may stream replication and use slots. Changing it alters the role in place.
   *
   * @default true
   */
  readonly replication?: boolean;
  /**
   * Roles that it becomes a member of, such as `pg_read_all_data` or, on Aurora, `rds_replication`.
   *
   * @default - none
   */
  readonly memberOf?: string[];
  /**
   * Schemas all of whose present tables it may read.
   *
   * @default - none
   */
  readonly readSchemas?: string[];
  /**
   * Schemas all of whose present tables it may change.
   *
   * @default - none
   */
  readonly writeSchemas?: string[];
  /**
   * Whether it may connect to the database, which streaming to a standby does not need. Changing it grants or revokes.
   *
   * @default true
   */
  readonly connect?: boolean;
  /**
   * Whether it may create schemas in the database.
   *
   * @default false
   */
  readonly createInDatabase?: boolean;
  /**
   * Schemas for tables that it makes itself, as AWS DMS makes its control tables on the target. They are made if they are
   * missing; when the role goes, or they are named no longer, its tables go, and the schema if it was the last in it.
   *
   * @default - none
   */
  readonly createInSchemas?: string[];
}

/**
 * A PostgreSQL role with what it may do.
 *
 * @see https://www.postgresql.org/docs/current/sql-createrole.html
 */
export class ReplicationRole extends Construct {
  /** The role's name. */
  public readonly roleName: string;

  constructor(scope: Construct, id: string, props: ReplicationRoleProps) {
    super(scope, id);
    const problem = knownNameProblem(props.roleName, 'roleName');
    if (problem !== undefined) throw new ValidationError(`replication role '${id}'`, [problem]);
    this.roleName = props.roleName;
    const { connect = true, createInDatabase = false } = props;
    const database = [
      ...(connect ? [DatabaseRight.CONNECT] : []),
      ...(createInDatabase ? [DatabaseRight.CREATE] : []),
    ];
    const resource = postgresObject(
      this,
      'Role',
      {
        kind: 'role',
        name: props.roleName,
        secret: props.passwordSecret.secretArn,
        replication: props.replication ?? true,
        memberOf: props.memberOf ?? [],
        database,
        readSchemas: props.readSchemas ?? [],
        writeSchemas: props.writeSchemas ?? [],
        createInSchemas: props.createInSchemas ?? [],
      },
      props,
    );
    resource.node.addDependency(
      props.passwordSecret,
      props.runner.allowSecret(props.passwordSecret),
    );
  }
}
