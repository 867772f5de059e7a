import type { Problems } from '../errors';
import { selectionUses, type TableSelection } from '../table-selection';
import { standbyLinkInto } from './links';
import type { TopologyLink, TopologyProps, TopologyServer } from './topology';

/** The majors between which pglogical was tried here. */
const TRIED = { from: 15, to: 17 } as const;

/** Keeps a problem for what a link by pglogical cannot do. */
export function checkPglogicalLink(
  topology: TopologyProps,
  link: TopologyLink,
  { from, to }: { readonly from: TopologyServer; readonly to: TopologyServer },
  at: string,
  problems: Problems,
): void {
  problems.addIf(
    standbyLinkInto(topology, link.from) !== undefined,
    `'${at}.from' must be a server that takes writes for a pglogical link, since a node writes, got the standby '${link.from}'; replicate from its primary, or use a NATIVE link`,
  );
  problems.addIf(
    from.majorVersion > to.majorVersion,
    `'${at}' must not lead to an older PostgreSQL by pglogical, got ${from.majorVersion} and ${to.majorVersion}; pglogical of the older one makes no slot on the newer one to copy rows by, so use a NATIVE link`,
  );
  if (link.selection === undefined) return;
  for (const problem of pglogicalSelectionProblems(link.selection, `${at}.selection`))
    problems.add(problem);
}

/** Says what pglogical cannot leave out of a table. */
export function pglogicalSelectionProblems(selection: TableSelection, what: string): string[] {
  const uses = selectionUses(selection);
  const said = (used: boolean, property: string, why: string): string[] =>
    used
      ? [
          `'${what}.tables.${property}' cannot be given for pglogical, ${why}; leave it out or use a NATIVE link`,
        ]
      : [];
  return [
    ...said(uses.columns, 'columns', 'whose subscriber fails on a table that lacks columns'),
    ...said(uses.rowFilters, 'rowFilters', 'which leaves rows that no longer match where they are'),
  ];
}

/** Says that nobody knows yet whether pglogical works between the majors of a link. */
export function pglogicalWarning(
  { servers }: TopologyProps,
  link: TopologyLink,
): string | undefined {
  const [from, to] = [servers[link.from]?.majorVersion, servers[link.to]?.majorVersion];
  return from === TRIED.from && to === TRIED.to
    ? undefined
    : `unchecked: pglogical from '${link.from}' (${from}) to '${link.to}' (${to}); it was tried from ${TRIED.from} to ${TRIED.to}, so rehearse it with these majors first`;
}
