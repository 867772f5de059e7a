import { isManaged, linksFrom, serverOf, type Topology } from '../topology';
import { accessSection, flowSection } from './access-sections';
import { administratorSection, ownerSection } from './administrator-sections';
import { checkSection } from './check-section';
import { cloudOf } from './cloud';
import { cutoverRightsSection } from './cutover-rights';
import {
  managedAdministratorSection,
  managedUndoSection,
  parameterSection,
  securityGroupSection,
} from './managed-sections';
import { inlineCode } from './markdown';
import { configurationSection } from './oci-configuration';
import {
  OCI_INTRODUCTION,
  ociAdministratorSection,
  ociLoginSection,
  ociNetworkSection,
  ociUndoSection,
} from './oci-sections';
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
  const { server } = options;
  const { majorVersion, database } = serverOf(topology, server);
  const context: RunbookContext = { ...options, topology };
  const sections = sectionsOf(context).flatMap((section) => section ?? []);
  return [
    `# Prepare ${inlineCode(server)}`,
    `PostgreSQL ${majorVersion}, database ${inlineCode(database)}. It sends to ${receivers(topology, server)}. Nothing here is done by the deployment: the server is yours. ${remark(context)}`,
    ...sections.flatMap(({ title, paragraphs }, index) => [
      `## ${index + 1}. ${title}`,
      ...paragraphs,
    ]),
    '',
  ].join('\n\n');
}

function sectionsOf(context: RunbookContext): readonly (Section | undefined)[] {
  const { topology, server } = context;
  if (!isManaged(serverOf(topology, server))) return ownSections(context);
  return cloudOf(topology, [server]) === 'oci' ? ociSections(context) : managedSections(context);
}

function remark({ topology, server, administrator }: RunbookContext): string {
  const enough = `${inlineCode(administrator)} is enough.`;
  if (!isManaged(serverOf(topology, server)))
    return `The SQL needs a superuser, for the reasons that stand beside it; afterwards ${enough}`;
  if (cloudOf(topology, [server]) === 'oci') return OCI_INTRODUCTION;
  return `Afterwards ${enough}`;
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

/** On OCI a configuration takes the place of files, and a network security group that of pg_hba.conf. */
function ociSections(context: RunbookContext): readonly (Section | undefined)[] {
  return [
    configurationSection(context),
    ociAdministratorSection(context),
    ociNetworkSection(context),
    ociLoginSection(context),
    checkSection(context),
    ociUndoSection(context),
  ];
}

/** On a managed server of AWS a parameter group takes the place of files, and security groups that of pg_hba.conf. */
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
