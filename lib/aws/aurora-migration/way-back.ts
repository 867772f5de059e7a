import type { Construct } from 'constructs';
import { partName, type TopologyLink } from '../../postgres';
import { Publication } from '../objects';
import type { SchemaCopy } from '../schema-copy';
import { createRole, type LoginRole, type OnServer, reverseName } from './login-role';
import type { AuroraMigrationProps } from './props';

/** What the way back is made of. */
export interface WayBack {
  readonly roles: readonly LoginRole[];
  readonly publications: readonly Publication[];
}

/** Role and publications on the target, to which the source subscribes at the cutover. */
export function prepareWayBack(
  scope: Construct,
  props: AuroraMigrationProps,
  {
    runner,
    server,
    schema,
    links,
  }: OnServer & { readonly schema: SchemaCopy; readonly links: readonly TopologyLink[] },
): WayBack {
  if (props.replication.wayBack === false) return { roles: [], publications: [] };
  const reverse = createRole(scope, props, { server, id: 'Reverse', runner });
  reverse.role.node.addDependency(schema);
  const publications = links.map(({ part, selection = props.replication.selection }) => {
    const publication = new Publication(scope, idOf('ReversePublication', part), {
      runner,
      server,
      publicationName: partName(reverseName(props), part),
      selection,
      canary: true,
      ...(part === undefined ? {} : { canaryPart: part }),
    });
    publication.node.addDependency(schema);
    return publication;
  });
  return { roles: [reverse], publications };
}

/** What belongs to the rest keeps the name that it has without parts. */
export function idOf(id: string, part: string | undefined): string {
  return part === undefined ? id : `${id}-${part}`;
}
