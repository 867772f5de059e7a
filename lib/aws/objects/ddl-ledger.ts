import { Construct } from 'constructs';
import { Problems } from '../../postgres';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** Which schemas are watched, and how. */
export interface DdlLedgerProps extends PostgresObjectProps {
  /** The schemas that are watched. Changing them takes effect in place. */
  readonly schemas: string[];
  /**
   * Whether changes are refused. Otherwise they are noted, and a cutover whose schemas differ says which came last, when
   * and by whom. Changing it takes effect in place.
   *
   * @default false
   */
  readonly frozen?: boolean;
}

/**
 * Event triggers that write down every change to the schemas of a migration, since neither publications nor AWS DMS carry
 * one; frozen, they refuse it. Making one takes a superuser: the runner's login must be one on a server of your own. The
 * guide of Amazon Aurora lets the cluster's administrator make them; that the runner's login may too was not tried.
 * `finalize` drops them, as does deleting this.
 *
 * @see https://www.postgresql.org/docs/current/event-triggers.html
 */
export class DdlLedger extends Construct {
  constructor(scope: Construct, id: string, props: DdlLedgerProps) {
    super(scope, id);
    const { schemas, frozen = false } = props;
    const problems = new Problems();
    problems.addIf(
      schemas.length === 0,
      "'schemas' must name at least one schema, got none; add it or remove the construct",
    );
    for (const [index, name] of schemas.entries()) {
      const problem = knownNameProblem(name, `schemas[${index}]`);
      if (problem !== undefined) problems.add(problem);
    }
    problems.throwIfAny(`ddl ledger '${id}'`);
    postgresObject(this, 'DdlLedger', { kind: 'ddl-ledger', schemas, frozen }, props);
  }
}
