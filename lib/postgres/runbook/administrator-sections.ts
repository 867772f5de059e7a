import { supports } from '../capabilities';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { decodedLinks, linksOut } from '../preflight/relations';
import { quietStatements } from '../preflight/statement-log-check';
import { selectedSchemas } from '../table-selection';
import { LinkKind, serverOf, type TopologyLink } from '../topology';
import { codeBlock, inlineCode } from './markdown';
import type { RunbookContext, Section } from './section';

/** The administrating role, with the least that it needs. */
export function administratorSection(context: RunbookContext): Section {
  const { topology, server, administrator } = context;
  const { database } = serverOf(topology, server);
  return {
    title: 'The administrating role',
    paragraphs: [
      `Objects are made with ${inlineCode(administrator)}. As a superuser, connected to database ${inlineCode(database)} (rights on functions belong to one database):`,
      codeBlock('sql', administratorStatements(context).join('\n')),
      ...(needsSuperuser(context)
        ? [
            'It must be a superuser: before PostgreSQL 16 only a superuser creates a role with `REPLICATION`, and the standby logs in with one. Take that away when the migration is over.',
          ]
        : [reasons(context)]),
      'Give it a password in `psql`, which sends only the SCRAM verifier, and store name and password as JSON (`username`, `password`) in the secret that the deployment names:',
      codeBlock(
        'sh',
        `psql --dbname=${shellWord(database)} --command=${shellWord(`\\password ${quoteIdentifier(administrator)}`)}`,
      ),
    ],
  };
}

/** What the role needs of the tables' owners, which nobody knows before the tables are looked at. */
export function ownerSection(context: RunbookContext): Section | undefined {
  const { topology, server, administrator } = context;
  const links = decodedLinks(topology, server);
  const schemas = [...new Set(links.flatMap(schemasOf))];
  if (schemas.length === 0 || needsSuperuser(context)) return undefined;
  const publishes = links.some(({ kind }) => kind === LinkKind.NATIVE);
  const role = inlineCode(administrator);
  return {
    title: 'Rights on the tables',
    paragraphs: [
      `${role} passes the right to read on to the role that copies the tables, so that it needs that right itself, with the option to grant it. A superuser or the tables' owner gives it; do it again when tables were added.`,
      codeBlock('sql', readStatements(administrator, schemas).join('\n')),
      ...(publishes ? publicationParagraphs(context, schemas) : []),
    ],
  };
}

/** What takes the rights and the role away, for the end. */
export function dropStatements({ administrator }: RunbookContext): string[] {
  const role = quoteIdentifier(administrator);
  return [`DROP OWNED BY ${role};`, `DROP ROLE ${role};`];
}

function needsSuperuser({ topology, server }: RunbookContext): boolean {
  return !supports(serverOf(topology, server).majorVersion, 'create-replication-role');
}

function administratorStatements(context: RunbookContext): string[] {
  const { topology, server, administrator } = context;
  const role = quoteIdentifier(administrator);
  if (needsSuperuser(context)) return [`CREATE ROLE ${role} LOGIN SUPERUSER;`];
  const database = quoteIdentifier(serverOf(topology, server).database);
  return [
    `CREATE ROLE ${role} LOGIN REPLICATION CREATEROLE;`,
    `GRANT CREATE ON DATABASE ${database} TO ${role};`,
    `GRANT CONNECT ON DATABASE ${database} TO ${role} WITH GRANT OPTION;`,
    `GRANT pg_monitor, pg_signal_backend TO ${role};`,
    ...(decodesBelow(context)
      ? [`GRANT EXECUTE ON FUNCTION pg_catalog.pg_log_standby_snapshot() TO ${role};`]
      : []),
    `GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO ${role};`,
    ...quietStatements(administrator),
  ];
}

function reasons(context: RunbookContext): string {
  return [
    '`REPLICATION` is for slots, and to create roles that replicate, as is `CREATEROLE`; both can be given by a superuser only.',
    '`CREATE` on the database is for the schema in which this library remembers what it made, and for publications; `CONNECT` is passed on.',
    '`pg_monitor` reads how far receivers are; `pg_signal_backend` disconnects the reader of a slot before the slot is dropped.',
    ...(decodesBelow(context)
      ? [
          '`pg_log_standby_snapshot()` is a superuser’s function until it is granted; without it a new slot on the standby waits for the next checkpoint.',
        ]
      : []),
    '`pg_hba_file_rules()` lets preflight compare section 2 with your file; leave it out, and that check is reported as unchecked.',
    'Its statements set the passwords of other roles: where the server would write them down, in its log or in `pg_stat_statements`, the deployment refuses to run them (`LOG_WOULD_LEAK`). Only a superuser may keep them out, which the last three lines do for this role alone; preflight names whatever else records statements there.',
  ].join(' ');
}

function decodesBelow({ topology, server }: RunbookContext): boolean {
  return decodedLinks(topology, server).some(({ from }) => from !== server);
}

function readStatements(administrator: string, schemas: readonly string[]): string[] {
  const role = quoteIdentifier(administrator);
  return schemas
    .map(quoteIdentifier)
    .flatMap((schema) => [
      `GRANT USAGE ON SCHEMA ${schema} TO ${role} WITH GRANT OPTION;`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role} WITH GRANT OPTION;`,
    ]);
}

function publicationParagraphs(
  { topology, server, administrator }: RunbookContext,
  schemas: readonly string[],
): string[] {
  const local = linksOut(topology, server, LinkKind.NATIVE).length > 0;
  const where = local ? 'here' : 'here, since a standby cannot be written to';
  return [
    `Only the owner of a table can publish it, and the publication is made ${where}. This lists what to grant: run each line that it returns. An owner that is a superuser makes ${inlineCode(administrator)} as mighty as one; give such tables to another owner first if that is too much.`,
    codeBlock('sql', ownerQuery(administrator, schemas)),
  ];
}

function ownerQuery(administrator: string, schemas: readonly string[]): string {
  const names = schemas.map(quoteLiteral).join(', ');
  return [
    `SELECT DISTINCT pg_catalog.format('GRANT %I TO %I;', pg_catalog.pg_get_userbyid(c.relowner), ${quoteLiteral(administrator)}) AS "grant"`,
    'FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace',
    `WHERE n.nspname IN (${names}) AND c.relkind IN ('r', 'p') AND NOT pg_catalog.pg_has_role(${quoteLiteral(administrator)}, c.relowner, 'USAGE');`,
  ].join('\n');
}

function schemasOf({ selection }: TopologyLink): readonly string[] {
  return selection === undefined ? [] : selectedSchemas(selection);
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
