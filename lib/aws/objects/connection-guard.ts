import { Construct } from 'constructs';
import { Problems } from '../../postgres';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** Who may connect to a database. */
export interface ConnectionGuardProps extends PostgresObjectProps {
  /**
   * The roles that may connect, beside the database's owner and superusers: replication's own, and read-only roles for
   * tests. Changing it grants and revokes in place, and does nothing any more once a cutover has let applications in.
   */
  readonly keep: string[];
}

/**
 * Lets only named roles connect to a migration's target, so that no application writes there before it is opened.
 * Deleting it gives back exactly the access that was there before. A cutover that opens the target lifts it for good: no
 * later deployment closes an open writer again.
 */
export class ConnectionGuard extends Construct {
  constructor(scope: Construct, id: string, props: ConnectionGuardProps) {
    super(scope, id);
    const problems = new Problems();
    for (const [index, name] of props.keep.entries()) {
      const problem = knownNameProblem(name, `keep[${index}]`);
      if (problem !== undefined) problems.add(problem);
    }
    problems.throwIfAny(`connection guard '${id}'`);
    postgresObject(this, 'ConnectionGuard', { kind: 'connection-guard', keep: props.keep }, props);
  }
}
