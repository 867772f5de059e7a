import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { sql } from '../statement';
import { createIn, dropCreatedIn } from './created-in';
import { type PlanContext, type Step, step } from './object';
import type { ObservedRole } from './observed-role';
import type { DatabaseRight, RoleSpec } from './role-spec';

/** What makes a role's rights those of `spec`. What earlier specs gave and it does not want is taken away. */
export function changeRights(
  spec: RoleSpec,
  observed: ObservedRole | undefined,
  context: PlanContext<RoleSpec>,
): Step[] {
  const earlier = earlierOf(context);
  return [
    ...changeMemberships(spec, observed, earlier),
    ...changeDatabase(spec, observed, earlier),
    ...changeSchemas(spec, observed, earlier),
    ...changeCreatedIn(spec, observed, earlier),
  ];
}

/** What takes away every right that would keep the role from being dropped. */
export function revokeRights(spec: RoleSpec, observed: ObservedRole): Step[] {
  return [
    ...leave(spec.name, spec.createInSchemas),
    ...observed.lacking.flatMap(({ schema }) => revokeSchema(spec, schema)),
    ...revokeDatabase(spec.name, observed),
  ];
}

function changeMemberships(
  spec: RoleSpec,
  observed: ObservedRole | undefined,
  earlier: Earlier,
): Step[] {
  const name = quoteIdentifier(spec.name);
  const present = observed?.memberOf ?? [];
  const missing = spec.memberOf.filter((other) => !present.includes(other));
  const surplus = earlier.memberOf.filter(
    (other) => !spec.memberOf.includes(other) && present.includes(other),
  );
  return [
    ...missing
      .map(quoteIdentifier)
      .map((group) => step(`grant ${group} to ${name}`, sql(`GRANT ${group} TO ${name}`))),
    ...surplus
      .map(quoteIdentifier)
      .map((group) => step(`revoke ${group} from ${name}`, sql(`REVOKE ${group} FROM ${name}`))),
  ];
}

function changeDatabase(
  spec: RoleSpec,
  observed: ObservedRole | undefined,
  earlier: Earlier,
): Step[] {
  const missing = spec.database.filter((right) => !observed?.database.includes(right));
  const surplus = earlier.database.filter(
    (right) => !spec.database.includes(right) && observed?.database.includes(right),
  );
  return [
    ...(missing.length === 0 ? [] : [grantDatabase(spec.name, missing)]),
    ...(observed === undefined
      ? []
      : revokeDatabase(spec.name, { ...observed, database: surplus })),
  ];
}

function changeSchemas(
  spec: RoleSpec,
  observed: ObservedRole | undefined,
  earlier: Earlier,
): Step[] {
  const wanted = new Set([...spec.readSchemas, ...spec.writeSchemas]);
  const given = new Set([...earlier.readSchemas, ...earlier.writeSchemas]);
  const before = { ...spec, writeSchemas: earlier.writeSchemas };
  const onlyRead = earlier.writeSchemas.filter(
    (schema) => wanted.has(schema) && !spec.writeSchemas.includes(schema),
  );
  return [
    ...[...given]
      .filter((schema) => !wanted.has(schema))
      .flatMap((schema) => revokeSchema(before, schema)),
    ...onlyRead.flatMap((schema) => revokeWriting(spec.name, schema, observed)),
    ...[...wanted].flatMap((schema) => {
      const write = spec.writeSchemas.includes(schema);
      return mayUse(schema, observed, write) ? [] : grantSchema(spec.name, schema, write);
    }),
  ];
}

function changeCreatedIn(
  spec: RoleSpec,
  observed: ObservedRole | undefined,
  earlier: Earlier,
): Step[] {
  const surplus = earlier.createInSchemas.filter(
    (schema) => !spec.createInSchemas.includes(schema),
  );
  return [
    ...leave(spec.name, surplus),
    ...spec.createInSchemas
      .filter((schema) => !observed?.createsIn.includes(schema))
      .flatMap((schema) => createIn(spec.name, schema)),
  ];
}

function leave(roleName: string, schemas: readonly string[]): Step[] {
  const name = quoteIdentifier(roleName);
  return schemas.map((schema) =>
    step(
      `drop what ${name} made in schema ${quoteIdentifier(schema)}`,
      dropCreatedIn(roleName, schema),
    ),
  );
}

function mayUse(name: string, observed: ObservedRole | undefined, write: boolean): boolean {
  const lacks = observed?.lacking.find(({ schema }) => schema === name);
  return lacks?.usage === true && lacks.read === 0 && (!write || lacks.write === 0);
}

/** The database is that of the connection, whose name only the server knows for sure. */
function grantDatabase(roleName: string, rights: readonly DatabaseRight[]): Step {
  const name = quoteIdentifier(roleName);
  const list = rights.join(', ');
  // As a literal, since a name could hold whatever dollar tag the body were quoted by.
  const body = `BEGIN EXECUTE pg_catalog.format('GRANT ${list} ON DATABASE %I TO %s', pg_catalog.current_database(), ${quoteLiteral(name)}); END`;
  return step(`grant ${list} on the database to ${name}`, sql(`DO ${quoteLiteral(body)}`));
}

function grantSchema(roleName: string, schemaName: string, write: boolean): Step[] {
  const name = quoteIdentifier(roleName);
  const schema = quoteIdentifier(schemaName);
  return [
    step(
      `grant the use of schema ${schema} to ${name}`,
      sql(`GRANT USAGE ON SCHEMA ${schema} TO ${name}`),
    ),
    step(
      `grant ${write ? 'writing' : 'reading'} all tables of schema ${schema} to ${name}`,
      sql(`GRANT ${tableRights(write)} ON ALL TABLES IN SCHEMA ${schema} TO ${name}`),
    ),
  ];
}

// Never ALL: which role a grant or a revoke is made as depends on the rights that it names, so that a revoke of more
// rights than were granted may be made as another role, and then take nothing away.
function revokeSchema(spec: RoleSpec, schemaName: string): Step[] {
  const name = quoteIdentifier(spec.name);
  const schema = quoteIdentifier(schemaName);
  const rights = tableRights(spec.writeSchemas.includes(schemaName));
  return [
    step(
      `revoke all tables of schema ${schema} from ${name}`,
      sql(`REVOKE ${rights} ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`),
    ),
    step(
      `revoke schema ${schema} from ${name}`,
      sql(`REVOKE USAGE ON SCHEMA ${schema} FROM ${name}`),
    ),
  ];
}

/** Leaves the right to read, once nothing shows that the right to write is still there. */
function revokeWriting(
  roleName: string,
  schemaName: string,
  observed: ObservedRole | undefined,
): Step[] {
  const writable = observed?.lacking.find(({ schema }) => schema === schemaName)?.writable ?? 0;
  if (writable === 0) return [];
  const name = quoteIdentifier(roleName);
  const schema = quoteIdentifier(schemaName);
  return [
    step(
      `revoke writing all tables of schema ${schema} from ${name}`,
      sql(`REVOKE ${WRITING} ON ALL TABLES IN SCHEMA ${schema} FROM ${name}`),
    ),
  ];
}

function revokeDatabase(roleName: string, { database, currentDatabase }: ObservedRole): Step[] {
  if (database.length === 0) return [];
  const name = quoteIdentifier(roleName);
  const where = quoteIdentifier(currentDatabase);
  return [
    step(
      `revoke rights on the database from role ${name}`,
      sql(`REVOKE ${database.join(', ')} ON DATABASE ${where} FROM ${name}`),
    ),
  ];
}

function tableRights(write: boolean): string {
  return write ? `SELECT, ${WRITING}` : 'SELECT';
}

const WRITING = 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES';

/** What earlier specs gave, all of them together. */
type Earlier = Pick<
  RoleSpec,
  'memberOf' | 'database' | 'readSchemas' | 'writeSchemas' | 'createInSchemas'
>;

function earlierOf({ applied }: PlanContext<RoleSpec>): Earlier {
  const all = <Item>(pick: (spec: RoleSpec) => readonly Item[]): Item[] => [
    ...new Set((applied?.earlier ?? []).flatMap(pick)),
  ];
  return {
    memberOf: all((spec) => spec.memberOf),
    database: all((spec) => spec.database),
    readSchemas: all((spec) => spec.readSchemas),
    writeSchemas: all((spec) => spec.writeSchemas),
    createInSchemas: all((spec) => spec.createInSchemas),
  };
}
