import { deriveFlows, originOf } from '../access';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { modifyParameter } from '../preflight/fixes';
import { decodedLinks } from '../preflight/relations';
import { deriveSettings, renderParameterGroup } from '../settings';
import { selectedSchemas } from '../table-selection';
import { linksFrom, serverOf, slotNameOf } from '../topology';
import { codeBlock, inlineCode, table } from './markdown';
import type { RunbookContext, Section } from './section';

/** A parameter of a cluster's parameter group. */
interface Parameter {
  readonly name: string;
  readonly value: string;
  readonly reboot: boolean;
  readonly reason: string;
}

/** The parameters of a managed server: see, set, reboot. */
export function parameterSection(context: RunbookContext): Section {
  const parameters = parametersOf(context);
  return {
    title: 'Parameters',
    paragraphs: [
      table(
        ['parameter', 'needed', 'takes effect', 'why'],
        parameters.map(({ name, value, reboot, reason }) => [
          inlineCode(name),
          inlineCode(value),
          reboot ? '**after a reboot of the writer**' : 'at once',
          reason,
        ]),
      ),
      'See what you have. Leave out below whatever is there already, and keep a number that is higher than needed. That Aurora takes `max_slot_wal_keep_size` and `idle_replication_slot_timeout` was not tried; needed is what PostgreSQL does by itself.',
      codeBlock('sql', currentSettings(context)),
      'A cluster with the default parameter group needs one of its own first, since the default one cannot be changed: make it with `aws rds create-db-cluster-parameter-group`, and attach it with `aws rds modify-db-cluster`. Name it, and set the rest:',
      codeBlock(
        'sh',
        [
          'PARAMETER_GROUP=…',
          ...parameters.map(({ name, value, reboot }) => modifyParameter(name, value, reboot)),
        ].join('\n'),
      ),
      'Then reboot the writer, once, which ends its connections:',
      codeBlock('sh', 'aws rds reboot-db-instance --db-instance-identifier "$WRITER"'),
    ],
  };
}

/** The administrating role of a managed server. */
export function managedAdministratorSection({
  topology,
  server,
  administrator,
}: RunbookContext): Section {
  const { database } = serverOf(topology, server);
  const role = inlineCode(administrator);
  const name = quoteIdentifier(administrator);
  return {
    title: 'The administrating role',
    paragraphs: [
      `Objects are made with ${role}. As the cluster’s own administrator, connected to database ${inlineCode(database)}:`,
      codeBlock(
        'sql',
        [`CREATE ROLE ${name} LOGIN CREATEROLE;`, `GRANT rds_superuser TO ${name};`].join('\n'),
      ),
      '`CREATEROLE` is for the role that the subscription logs in with, `rds_superuser` for slots, for `rds_replication`, which it passes on to that role, and for the subscription of the way back.',
      `It publishes tables, keeps others out of the database at the cutover, and passes on the right to read, which their owners may. This lists what to grant: run each line that it returns, and do it again when tables of another owner were added. An owner that is the cluster’s administrator cannot be granted by itself since PostgreSQL 16: let the deployment use that role then, instead of ${role}.`,
      codeBlock('sql', ownersQuery(decodedSchemas(topology, server), administrator)),
      `Give it a password in \`psql\` by \`\\password ${name}\`, which sends only the SCRAM verifier, and store name and password as JSON (\`username\`, \`password\`) in the secret that the deployment names.`,
    ],
  };
}

/** What the security group must let through. */
export function securityGroupSection({ topology, server, port = 5432 }: RunbookContext): Section {
  const inward = deriveFlows(topology).filter(({ to }) => to === server);
  return {
    title: 'Network',
    paragraphs: [
      `The deployment adds these rules to the security groups that it was given, unless they were imported with \`mutable: false\`: TCP port ${port} of ${inlineCode(server)} from`,
      table(
        ['from', 'for'],
        [
          ...inward.map((flow) => [inlineCode(originOf(flow)), flow.purpose]),
          ['the host of the schema copy', 'schema copy'],
        ],
      ),
      'In a peered VPC the connection must be accepted, and both sides need routes.',
    ],
  };
}

/** How to take everything back on a managed server. */
export function managedUndoSection(context: RunbookContext): Section {
  const { topology, server, administrator } = context;
  const name = quoteIdentifier(administrator);
  const slots = linksFrom(topology, server).map((link) => slotNameOf(topology, link));
  return {
    title: 'Undo',
    paragraphs: [
      `Once a cutover has opened its new writer, finalize before you delete anything, which fails until then. Delete the stack first: it drops the slots, roles and publications that it made here. A slot that stays keeps WAL for good; this must return no row${slots.length === 0 ? '' : ` (look for ${slots.map(inlineCode).join(', ')})`}:`,
      codeBlock(
        'sql',
        'SELECT slot_name, active, wal_status FROM pg_catalog.pg_replication_slots ORDER BY 1;',
      ),
      'Then take the role away, and set the parameters back that you changed, unless somebody else has come to need them:',
      codeBlock('sql', `DROP ROLE ${name};`),
    ],
  };
}

const STATEMENTS: Parameter = {
  name: 'pg_stat_statements.track_utility',
  value: '0',
  reboot: false,
  reason: 'otherwise statements that set passwords would be kept there, and are refused',
};

/** `rds.force_ssl` is left to the owner: applications may still come without TLS, and replication never does. */
function parametersOf({ topology, server, sizing }: RunbookContext): readonly Parameter[] {
  const always = renderParameterGroup([]);
  const needed = deriveSettings(topology, server, sizing)
    .filter(({ advised }) => advised !== true)
    .flatMap((setting) =>
      Object.entries(renderParameterGroup([setting]))
        .filter(([name]) => !(name in always))
        .map(([name, value]) => ({
          name,
          value,
          reboot: setting.restart,
          reason: setting.reason,
        })),
    );
  return [...needed, STATEMENTS];
}

function currentSettings(context: RunbookContext): string {
  const names = parametersOf(context).map(({ name }) =>
    quoteLiteral(name === 'rds.logical_replication' ? 'wal_level' : name),
  );
  return `SELECT name, setting, unit, pending_restart FROM pg_catalog.pg_settings WHERE name IN (${names.join(', ')}) ORDER BY name;`;
}

/** The schemas with tables of `server` that are replicated. */
export function decodedSchemas(
  topology: RunbookContext['topology'],
  server: string,
): readonly string[] {
  const selected = decodedLinks(topology, server).flatMap(({ selection }) =>
    selection === undefined ? [] : selectedSchemas(selection),
  );
  return [...new Set(selected)];
}

/** Lists what `administrator` must be granted to have the rights of everybody `grantable` who owns something there. */
export function ownersQuery(
  schemas: readonly string[],
  administrator: string,
  grantable = `rolname !~ '^(pg_|rdsadmin$)'`,
): string {
  const role = quoteLiteral(administrator);
  const names = schemas.map(quoteLiteral).join(', ');
  const chosen = names === '' ? 'false' : `n.nspname IN (${names})`;
  return [
    'WITH owners (id) AS (',
    '  SELECT datdba FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()',
    `  UNION SELECT n.nspowner FROM pg_catalog.pg_namespace n WHERE ${chosen}`,
    `  UNION SELECT c.relowner FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE ${chosen}`,
    ')',
    `SELECT pg_catalog.format('GRANT %I TO %I;', rolname, ${role}) AS "grant" FROM owners JOIN pg_catalog.pg_roles ON oid = id`,
    `WHERE ${grantable} AND NOT pg_catalog.pg_has_role(${role}, oid, 'USAGE');`,
  ].join('\n');
}
