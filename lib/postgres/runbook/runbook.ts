import { isManaged, linksFrom, serverOf, type Topology } from '../topology';
import { accessSection, flowSection } from './access-sections';
import { administratorSection, ownerSection } from './administrator-sections';
import { cutoverRightsSection } from './cutover-rights';
import {
  managedAdministratorSection,
  managedUndoSection,
  parameterSection,
  securityGroupSection,
} from './managed-sections';
import { codeBlock, inlineCode } from './markdown';
import { collationSection, dmsSection, undoSection } from './remark-sections';
import type { RunbookContext, RunbookOptions, Section } from './section';
import { settingsSection } from './settings-section';

/**
 * What the owner of `options.server` does before a deployment, as Markdown: settings or parameters, who may connect, the
 * administrating role, and how to undo it all. Every SQL in it runs as it stands.
 *
 * @throws PontoonError with code UNKNOWN_SERVER.
 */
export function renderRunbook(topology: Topology, options: RunbookOptions): string {
  const { server, administrator } = options;
  const { majorVersion, database } = serverOf(topology, server);
  const context: RunbookContext = { ...options, topology };
  const managed = isManaged(serverOf(topology, server));
  const sections = (managed ? managedSections(context) : ownSections(context)).flatMap((section) =>
    section === undefined ? [] : [section],
  );
  return [
    `# Prepare ${inlineCode(server)}`,
    `PostgreSQL ${majorVersion}, database ${inlineCode(database)}. It sends to ${receivers(topology, server)}. Nothing here is done by the deployment: the server is yours. ${managed ? 'Afterwards' : 'The SQL needs a superuser, for the reasons that stand beside it; afterwards'} ${inlineCode(administrator)} is enough.`,
    ...sections.flatMap(({ title, paragraphs }, index) => [
      `## ${index + 1}. ${title}`,
      ...paragraphs,
    ]),
    '',
  ].join('\n\n');
}

function ownSections(context: RunbookContext): readonly (Section | undefined)[] {
  return [
    settingsSection(context),
    accessSection(context),
    administratorSection(context),
    ownerSection(context),
    cutoverRightsSection(context),
    flowSection(context),
    dmsSection(context),
    collationSection(context),
    checkSection(context),
    undoSection(context),
  ];
}

/** On a managed server a parameter group takes the place of files, and security groups that of pg_hba.conf. */
function managedSections(context: RunbookContext): readonly (Section | undefined)[] {
  return [
    parameterSection(context),
    managedAdministratorSection(context),
    securityGroupSection(context),
    dmsSection(context),
    checkSection(context),
    managedUndoSection(context),
  ];
}

function receivers(topology: Topology, server: string): string {
  const names = new Set(linksFrom(topology, server).map(({ to }) => inlineCode(to)));
  return names.size === 0 ? 'nobody yet' : [...names].join(', ');
}

function checkSection({ topology, server, port = 5432 }: RunbookContext): Section {
  const certificate = isManaged(serverOf(topology, server))
    ? '"caCertificate": "aws-rds"'
    : '"caCertificateFile": "ca.pem"';
  return {
    title: 'Check',
    paragraphs: [
      'This reads what you did and lists what is still missing, with the SQL that mends it:',
      codeBlock(
        'sh',
        `pontoon preflight --app cdk.out --bindings bindings.json --server ${server}`,
      ),
      `\`cdk.out\` is what \`cdk synth\` wrote. \`bindings.json\` says where the server is and how its certificate is checked, with name and password in \`PGUSER\` and \`PGPASSWORD\`: \`{"${server}": {"host": "…", "port": ${port}, "secret": "env:PG", ${certificate}}}\`.`,
      `The deployment runs the same checks, and stops before it changes anything. What you decide to live with, accept by the check's id: \`--accept CHECK\` here, \`preflight.accept\` of the migration there.`,
    ],
  };
}
