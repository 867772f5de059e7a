import {
  LinkKind,
  slotNameOf,
  type Topology,
  type TopologyLink,
  type TopologyServer,
} from './topology';

const PLATFORMS: Readonly<Record<TopologyServer['platform'], string>> = {
  'self-managed': 'self-managed',
  ec2: 'Amazon EC2',
  aurora: 'Amazon Aurora',
  rds: 'Amazon RDS',
  'oci-vm': 'OCI Compute',
  'oci-postgresql': 'OCI Database with PostgreSQL',
};

const KINDS: Readonly<Record<TopologyLink['kind'], string>> = {
  [LinkKind.PHYSICAL]: 'streaming replication',
  [LinkKind.NATIVE]: 'logical replication',
  [LinkKind.DMS]: 'AWS DMS',
  [LinkKind.PGLOGICAL]: 'pglogical',
};

/**
 * `topology` as the text of a Mermaid flowchart. No name can end a label or start a directive in it.
 *
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function renderDiagram(topology: Topology): string {
  const names = Object.keys(topology.servers);
  const nodes = Object.entries(topology.servers).map(
    ([name, server], index) => `  s${index}[("${serverLabel(name, server)}")]`,
  );
  const edges = topology.links.map((link) => {
    const arrow = link.kind === LinkKind.PHYSICAL ? '==>' : '-->';
    return `  s${names.indexOf(link.from)} ${arrow}|"${linkLabel(topology, link)}"| s${names.indexOf(link.to)}`;
  });
  return `${['flowchart LR', ...nodes, ...edges].join('\n')}\n`;
}

function serverLabel(name: string, { platform, majorVersion, database }: TopologyServer): string {
  return [
    escapeLabel(name),
    PLATFORMS[platform],
    `PostgreSQL ${majorVersion}`,
    `database ${escapeLabel(database)}`,
  ].join('<br/>');
}

function linkLabel(topology: Topology, link: TopologyLink): string {
  if (link.kind === LinkKind.PHYSICAL && link.promoted === true)
    return 'streaming replication<br/>until promotion';
  return `${KINDS[link.kind]}<br/>slot ${escapeLabel(slotNameOf(topology, link))}`;
}

/** Everything that means something to Mermaid, HTML or Markdown, by its number. */
function escapeLabel(text: string): string {
  return text.replace(/[^\p{L}\p{N} _.,-]/gu, (character) => `#${character.codePointAt(0)};`);
}
