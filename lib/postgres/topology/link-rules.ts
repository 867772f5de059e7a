import { capabilitySince, supports } from '../capabilities';
import type { Problems } from '../errors';
import { slotNameProblem } from '../identifiers';
import { selectionProblems, selectionUses } from '../table-selection';
import { primaryOf, slotNameOf, standbyLinkInto } from './links';
import { isManaged } from './managed';
import { checkPglogicalLink } from './pglogical-rules';
import {
  LinkKind,
  type TopologyLink,
  type TopologyProps,
  type TopologyServer,
  WalLevel,
} from './topology';

/** Keeps a problem for everything that cannot work about one link. */
export function checkLink(
  topology: TopologyProps,
  link: TopologyLink,
  at: string,
  problems: Problems,
): void {
  const from = serverNamed(topology, link.from);
  const to = serverNamed(topology, link.to);
  const known = Object.keys(topology.servers).join(', ');
  problems.addIf(
    from === undefined,
    `'${at}.from' must name a server, got ${JSON.stringify(link.from)}; known are ${known}`,
  );
  problems.addIf(
    to === undefined,
    `'${at}.to' must name a server, got ${JSON.stringify(link.to)}; known are ${known}`,
  );
  if (from === undefined || to === undefined) return;
  problems.addIf(
    link.from === link.to,
    `'${at}' must join two servers, got '${link.from}' twice; correct 'to'`,
  );
  const slotProblem = slotNameProblem(slotNameOf(topology, link), `${at}.slotName`);
  if (slotProblem !== undefined) problems.add(slotProblem);
  if (link.kind === LinkKind.PHYSICAL) checkPhysicalLink(link, from, to, at, problems);
  else checkLogicalLink(topology, link, { from, to }, at, problems);
}

/** A name such as `constructor` is no server, although every object has it. */
function serverNamed({ servers }: TopologyProps, name: string): TopologyServer | undefined {
  return Object.hasOwn(servers, name) ? servers[name] : undefined;
}

/** What follows from a major that is none is no news. */
function isVersioned({ majorVersion }: TopologyServer): boolean {
  return Number.isInteger(majorVersion);
}

function checkPhysicalLink(
  link: TopologyLink,
  from: TopologyServer,
  to: TopologyServer,
  at: string,
  problems: Problems,
): void {
  for (const [name, server] of [
    [link.from, from],
    [link.to, to],
  ] as const) {
    problems.addIf(
      isManaged(server),
      `'${at}' cannot be physical, since '${name}' is managed by ${server.platform}, which offers no physical replication; use a NATIVE or DMS link`,
    );
  }
  problems.addIf(
    isVersioned(from) && isVersioned(to) && from.majorVersion !== to.majorVersion,
    `'${at}' must join servers of one major, got ${from.majorVersion} and ${to.majorVersion}; a physical copy is bound to its major, so give '${link.to}' ${from.majorVersion}`,
  );
  problems.addIf(
    from.database !== to.database,
    `'${at}' must join servers with the same database, got ${JSON.stringify(from.database)} and ${JSON.stringify(to.database)}; a physical copy keeps the names`,
  );
  problems.addIf(
    link.selection !== undefined,
    `'${at}.selection' cannot be given for a physical link, which copies the whole server; move it to the logical link`,
  );
}

function checkLogicalLink(
  topology: TopologyProps,
  link: TopologyLink,
  { from, to }: { readonly from: TopologyServer; readonly to: TopologyServer },
  at: string,
  problems: Problems,
): void {
  problems.addIf(
    link.promoted !== undefined,
    `'${at}.promoted' must be left out for a ${link.kind} link, got ${link.promoted}; only a physical standby is promoted`,
  );
  problems.addIf(
    standbyLinkInto(topology, link.to) !== undefined,
    `'${at}.to' must be a server that takes writes, got the standby '${link.to}'; write to its primary`,
  );
  problems.addIf(
    to.walLevel !== undefined && isManaged(to) && to.walLevel === WalLevel.REPLICA,
    `'servers.${link.to}.walLevel' must be 'logical' on ${to.platform}, got 'replica'; leave it out`,
  );
  if (link.selection === undefined) {
    problems.add(
      `'${at}.selection' must be given for a ${link.kind} link, got nothing; name schemas or tables`,
    );
  } else {
    for (const problem of selectionProblems(link.selection, `${at}.selection`))
      problems.add(problem);
  }
  checkDecoding(topology, link, at, problems);
  if (link.kind === LinkKind.NATIVE) checkPublication(topology, link, at, problems);
  if (link.kind === LinkKind.PGLOGICAL)
    checkPglogicalLink(topology, link, { from, to }, at, problems);
}

function checkDecoding(
  topology: TopologyProps,
  link: TopologyLink,
  at: string,
  problems: Problems,
): void {
  const rootName = primaryOf(topology, link.from);
  const from = serverNamed(topology, link.from);
  const root = serverNamed(topology, rootName);
  if (from === undefined || root === undefined) return;
  if (rootName === link.from) {
    problems.addIf(
      from.walLevel === WalLevel.REPLICA,
      `'servers.${link.from}.walLevel' must be 'logical' to decode there, got 'replica'; set wal_level = logical and restart the server`,
    );
    return;
  }
  const otherBridge = `promote '${link.from}' and replicate from it as a primary ('promoted: true' on its physical link)`;
  problems.addIf(
    isVersioned(from) && !supports(from.majorVersion, 'standby-logical-decoding'),
    `'${at}.from' requires PostgreSQL ${capabilitySince('standby-logical-decoding')} or later to decode on a standby, got ${from.majorVersion}; ${otherBridge}`,
  );
  problems.addIf(
    root.walLevel !== WalLevel.LOGICAL,
    `'servers.${rootName}.walLevel' must be 'logical' for its standby '${link.from}' to decode, got ${JSON.stringify(root.walLevel) ?? 'nothing'}; set wal_level = logical there and say so, or ${otherBridge}`,
  );
  problems.addIf(
    from.walLevel === WalLevel.REPLICA,
    `'servers.${link.from}.walLevel' must be 'logical' to decode there, got 'replica'; leave it out`,
  );
}

function checkPublication(
  topology: TopologyProps,
  link: TopologyLink,
  at: string,
  problems: Problems,
): void {
  const publisher = serverNamed(topology, link.from);
  if (publisher === undefined || link.selection === undefined) return;
  const uses = selectionUses(link.selection);
  for (const [used, capability, what] of [
    [uses.rowFilters, 'row-filter', 'rowFilters'],
    [uses.columns, 'column-list', 'columns'],
  ] as const) {
    problems.addIf(
      used && isVersioned(publisher) && !supports(publisher.majorVersion, capability),
      `'${at}.selection.tables.${what}' requires PostgreSQL ${capabilitySince(capability)} or later on '${link.from}', got ${publisher.majorVersion}; leave it out or use a DMS link`,
    );
  }
}
