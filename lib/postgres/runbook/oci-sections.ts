import { deriveFlows, originOf } from '../access';
import { quoteIdentifier, quoteLiteral } from '../identifiers';
import { decodedLinks } from '../preflight/relations';
import { usesPglogical } from '../settings';
import { linksFrom, serverOf, slotNameOf } from '../topology';
import { decodedSchemas, ownersQuery } from './managed-sections';
import { codeBlock, inlineCode, table } from './markdown';
import { REATTACH } from './oci-configuration';
import type { RunbookContext, Section } from './section';

/** What is said of a database of OCI before the first section. */
export const OCI_INTRODUCTION =
  'This is for a database that is there, `existing` of the program: one that the program makes itself (`dbSystem`) gets its configuration, network and administrator from it, and needs the rights on tables of section 2 only. The commands are those of OCI’s client as its reference describes them, and nothing of this page ran on OCI; what is not known at all is said where it stands.';

/** The administrating role of a database of OCI, and what it is granted. */
export function ociAdministratorSection(context: RunbookContext): Section {
  const { topology, server, administrator } = context;
  const { database } = serverOf(topology, server);
  const role = inlineCode(administrator);
  return {
    title: 'The administrating role',
    paragraphs: [
      `Objects are made with ${role}. Let it be the administrator that OCI made with the database, since what that may pass on to another role is not known. As that administrator, connected to database ${inlineCode(database)}; leave out what it has already, and begin with \`CREATE ROLE ${quoteIdentifier(administrator)} LOGIN\` for another role:`,
      codeBlock('sql', roleStatements(context).join('\n')),
      '`REPLICATION` and `CREATEROLE` are for slots and for the roles that replicate, `pg_monitor` and `pg_signal_backend` for seeing and ending sessions at the cutover. Public descriptions show OCI’s administrator give `REPLICATION`; stock PostgreSQL before 16 leaves that to superusers, of which OCI gives nobody one.',
      `It sends tables, keeps others out of the database at the cutover, and passes on the right to read, which their owners may. This lists what to grant: run each line that it returns, and do it again when tables of another owner were added. An owner that is a superuser cannot be granted: give its tables to another one.`,
      codeBlock(
        'sql',
        ownersQuery(decodedSchemas(topology, server), administrator, GRANTABLE_OWNERS),
      ),
      ...subscriberParagraphs(context),
    ],
  };
}

const GRANTABLE_OWNERS = `NOT rolsuper AND rolname !~ '^pg_'`;

function roleStatements({ topology, server, administrator }: RunbookContext): string[] {
  const role = quoteIdentifier(administrator);
  const database = quoteIdentifier(serverOf(topology, server).database);
  return [
    `ALTER ROLE ${role} REPLICATION CREATEROLE;`,
    `GRANT pg_monitor, pg_signal_backend TO ${role};`,
    `GRANT CREATE ON DATABASE ${database} TO ${role};`,
    `GRANT CONNECT ON DATABASE ${database} TO ${role} WITH GRANT OPTION;`,
  ];
}

/** What whoever subscribes needs: the database itself for the way back, and one that receives anyway. */
function subscriberParagraphs(context: RunbookContext): string[] {
  const { topology, server, administrator } = context;
  if (usesPglogical(topology, server)) {
    return [
      'pglogical works with origins of replication, whose functions are a superuser’s until they are granted. Public descriptions show OCI’s administrator grant them; run each line that this returns. The extension itself is created by the deployment.',
      codeBlock('sql', originsQuery(administrator)),
    ];
  }
  const { majorVersion } = serverOf(topology, server);
  if (majorVersion < 16) {
    return [
      'A subscription, such as that of the way back, is created by superusers only on stock PostgreSQL before 16. Whether OCI’s administrator may is not known: try `CREATE SUBSCRIPTION` in a database without data, or replicate by pglogical (`replication.method`).',
    ];
  }
  return [
    'A subscription, such as that of the way back, needs one more. That OCI’s administrator may grant it was not tried:',
    codeBlock('sql', `GRANT pg_create_subscription TO ${quoteIdentifier(administrator)};`),
  ];
}

function originsQuery(administrator: string): string {
  const role = quoteLiteral(administrator);
  return [
    `SELECT pg_catalog.format('GRANT EXECUTE ON FUNCTION pg_catalog.%s TO %I;', oid::pg_catalog.regprocedure, ${role}) AS "grant" FROM pg_catalog.pg_proc`,
    `WHERE pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND proname ~ '^pg_replication_origin_' AND NOT pg_catalog.has_function_privilege(${role}, oid, 'EXECUTE');`,
  ].join('\n');
}

/** Where the login is kept, and how the certificate is checked. */
export function ociLoginSection({ server, administrator }: RunbookContext): Section {
  const name = quoteIdentifier(administrator);
  return {
    title: 'Login and certificate',
    paragraphs: [
      `The password of OCI’s administrator is the one that the database was made with, and is set anew by \`oci psql db-system reset-master-user-password\`; another role gets one in \`psql\` by \`\\password ${name}\`, which sends only the SCRAM verifier. Store both in a secret of OCI Vault, \`{"username": ${JSON.stringify(administrator)}, "password": "…"}\`, best in the console, since a command line is seen by others. Its OCID is \`loginSecretId\` of the side in the program, which lets the runner host read it.`,
      `The program reads host and certificate of ${inlineCode(server)} itself, by the OCID of the database system (\`dbSystemId\`). For psql and for section 5:`,
      codeBlock('sh', CERTIFICATE),
      'The other database checks this certificate too, by a file on its own host: `/etc/opt/postgresql/ca-bundle.pem`, unless `replication.sslRootCert` names another one. That OCI keeps its authorities there was not tried; nothing is to be done for it here.',
    ],
  };
}

const CERTIFICATE = [
  `oci psql connection-details get --db-system-id "$DB_SYSTEM" --query 'data."ca-certificate"' --raw-output > ca.pem`,
  `oci psql connection-details get --db-system-id "$DB_SYSTEM" --query 'data."primary-db-endpoint".fqdn' --raw-output`,
].join('\n');

/** What the network security group must let through. */
export function ociNetworkSection(context: RunbookContext): Section {
  const { topology, server, hba, port = 5432 } = context;
  const inward = deriveFlows(topology).filter(({ to }) => to === server);
  const known = [...new Set(hba.map(({ address }) => address))];
  const [link] = decodedLinks(topology, server);
  return {
    title: 'Network',
    paragraphs: [
      `The deployment changes no rule of a database that it did not make. Admit TCP port ${port} of ${inlineCode(server)} from the subnets of`,
      table(
        ['from', 'for'],
        [
          ...inward.map((flow) => [inlineCode(originOf(flow)), flow.purpose]),
          ['the load balancer', 'applications, and whether the database answers'],
        ],
      ),
      'Applications come with an address of the load balancer’s subnet: it does not preserve theirs. By a network security group of the database system:',
      codeBlock('sh', admit([...known, '"$LOAD_BALANCER"'], port)),
      ...(link === undefined
        ? []
        : [
            `After a cutover ${inlineCode(server)} follows ${inlineCode(link.to)}: let it out to TCP port 5432 there, by a rule with \`"direction": "EGRESS"\`, \`destination\` and \`destinationType\`.`,
          ]),
      'A database system without a group of its own is given one in the console; security lists of its subnet do as well. In another VCN both sides need a peering and routes.',
    ],
  };
}

function admit(networks: readonly string[], port: number): string {
  const range = `\\"tcpOptions\\": {\\"destinationPortRange\\": {\\"min\\": ${port}, \\"max\\": ${port}}}`;
  return [
    'NSG=…             # the OCID of the group',
    'LOAD_BALANCER=…   # the CIDR of the load balancer’s subnet',
    `for network in ${networks.join(' ')}; do`,
    '  oci network nsg rules add --nsg-id "$NSG" --security-rules \\',
    `    "[{\\"direction\\": \\"INGRESS\\", \\"protocol\\": \\"6\\", \\"source\\": \\"$network\\", \\"sourceType\\": \\"CIDR_BLOCK\\", ${range}}]"`,
    'done',
  ].join('\n');
}

/** How to take everything back from a database of OCI. */
export function ociUndoSection({ topology, server, administrator }: RunbookContext): Section {
  const name = quoteIdentifier(administrator);
  const slots = linksFrom(topology, server).map((link) => slotNameOf(topology, link));
  return {
    title: 'Undo',
    paragraphs: [
      `Once a cutover has opened its new writer, finalize before you delete anything, which fails until then. Take \`schemaCopied\` back and deploy first, or destroy the deployment: either drops the slots, roles and publications that it made here, and leaves a database that it did not make. A slot that stays keeps the log until the storage is full; this must return no row${slots.length === 0 ? '' : ` (look for ${slots.map(inlineCode).join(', ')})`}:`,
      codeBlock(
        'sql',
        'SELECT slot_name, active, wal_status FROM pg_catalog.pg_replication_slots ORDER BY 1;',
      ),
      'Then take the role away, unless it is the administrator that OCI made. `DROP OWNED` revokes what was granted to it, and drops whatever it still owns in this database:',
      codeBlock('sql', [`DROP OWNED BY ${name};`, `DROP ROLE ${name};`].join('\n')),
      'Attach the former configuration again, which is a restart, unless somebody else has come to need the new one; take the rules and the secret away.',
      codeBlock('sh', REATTACH),
    ],
  };
}
