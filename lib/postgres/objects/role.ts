import { PontoonError } from '../errors';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { secretSql, sql } from '../statement';
import { type ObjectKind, type PlanContext, type ResolvedSecret, type Step, step } from './object';
import { type ObservedRole, observeRole } from './observed-role';
import { changeRights, revokeRights } from './role-rights';
import { type RoleSpec, readRole } from './role-spec';

/** Roles and their grants. */
export const role: ObjectKind<RoleSpec, ObservedRole> = {
  kind: 'role',
  read: readRole,
  name: (spec) => spec.name,
  secrets: (spec) => [spec.secret],
  observe: observeRole,
  observed: (row) => (row?.role === null ? undefined : (row?.role as ObservedRole | undefined)),
  plan(spec, observed, context) {
    const secret = secretOf(spec, context);
    const role =
      observed === undefined
        ? [createRole(spec, secret)]
        : alterRole(spec, observed, secret, context);
    return [...role, ...changeRights(spec, observed, context)];
  },
  drop(spec, observed) {
    const name = quoteIdentifier(spec.name);
    return [...revokeRights(spec, observed), step(`drop role ${name}`, sql(`DROP ROLE ${name}`))];
  },
};

function secretOf(spec: RoleSpec, { secrets }: PlanContext<RoleSpec>): ResolvedSecret {
  const secret = secrets[spec.secret];
  if (secret === undefined)
    throw new PontoonError(
      'NO_SECRET',
      `secret of role '${spec.name}' must be given, got nothing; check its reference`,
    );
  if (secret.username === spec.name) return secret;
  throw new PontoonError(
    'SECRET_MISMATCH',
    `secret of role '${spec.name}' must have that 'username', got ${JSON.stringify(secret.username)}; correct the secret or the role's name`,
  );
}

function createRole(spec: RoleSpec, { verifier }: ResolvedSecret): Step {
  const name = quoteIdentifier(spec.name);
  return step(
    `create role ${name}`,
    secretSql(
      { verifier },
      (given) =>
        `CREATE ROLE ${name} LOGIN ${spec.replication ? 'REPLICATION' : 'NOREPLICATION'} PASSWORD ${quoteLiteral(given.verifier)}`,
    ),
  );
}

function alterRole(
  spec: RoleSpec,
  observed: ObservedRole,
  secret: ResolvedSecret,
  context: PlanContext<RoleSpec>,
): Step[] {
  const name = quoteIdentifier(spec.name);
  const attributes = [
    ...(observed.canLogin || isShut(context) ? [] : ['LOGIN']),
    ...(observed.replication === spec.replication
      ? []
      : [spec.replication ? 'REPLICATION' : 'NOREPLICATION']),
  ];
  const steps: Step[] = [];
  if (attributes.length > 0)
    steps.push(step(`alter role ${name}`, sql(`ALTER ROLE ${name} ${attributes.join(' ')}`)));
  if (context.applied?.secretVersions[spec.secret] !== secret.version) {
    steps.push(
      step(
        `set the password of role ${name}`,
        secretSql(
          { verifier: secret.verifier },
          (given) => `ALTER ROLE ${name} PASSWORD ${quoteLiteral(given.verifier)}`,
        ),
      ),
    );
  }
  return steps;
}

/** A cutover has taken its login away, until it lets it in again. */
function isShut({ applied }: PlanContext<RoleSpec>): boolean {
  return typeof applied?.before.shut === 'string';
}
