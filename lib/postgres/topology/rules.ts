import { capabilitySince, KNOWN_MAJORS, knownMajor, supports } from '../capabilities';
import { Problems } from '../errors';
import { nameProblem, slotNameProblem } from '../identifiers';
import { selectionProblems, selectionUses } from '../table-selection';
import { checkPlainData } from './plain-data';
import {
  LinkKind,
  Platform,
  type TopologyLink,
  type TopologyProps,
  type TopologyServer,
  WalLevel,
} from './topology';

const MANAGED: ReadonlySet<Platform> = new Set([Platform.AURORA, Platform.RDS]);

/** Whether a cloud runs the server, so that nobody is superuser there and no file of its can be edited. */
export function isManaged(server: TopologyServer): boolean {
  return MANAGED.has(server.platform);
}

/** Says everything that cannot work in `topology`, each with the way out. */
export function topologyProblems(topology: TopologyProps): readonly string[] {
  const problems = new Problems();
  checkPlainData(topology.servers, 'servers', problems);
  checkPlainData(topology.links, 'links', problems);
  if (problems.list().length > 0) return problems.list();
  for (const [name, server] of Object.entries(topology.servers))
    checkServer(name, server, problems);
  for (const [index, link] of topology.links.entries())
    checkLink(topology, link, `links[${index}]`, problems);
  checkPhysicalTree(topology, problems);
  checkSlotNames(topology, problems);
  return problems.list();
}

/** Says what this library does not know enough about to promise that it works. */
export function topologyWarnings(topology: TopologyProps): readonly string[] {
  return Object.entries(topology.servers)
    .filter(([, server]) => knownMajor(server.majorVersion) === 'unchecked')
    .map(
      ([name, server]) =>
        `unchecked: server '${name}' runs PostgreSQL ${server.majorVersion}, newer than ${KNOWN_MAJORS.newest}, the newest that was tried`,
    );
}

/** The slot that `link` reads from. */
export function slotNameOf(link: TopologyLink): string {
  return link.slotName ?? `pontoon_${snakeCase(link.to)}`;
}

/** The server whose changes `name` has: itself, or the primary above a standby that was not promoted. */
export function primaryOf(topology: TopologyProps, name: string): string {
  let current = name;
  for (let steps = 0; steps <= topology.links.length; steps += 1) {
    const above = standbyLinkInto(topology, current);
    if (above === undefined) return current;
    current = above.from;
  }
  return current;
}

/** The physical link that makes `name` a standby, unless it was promoted. */
export function standbyLinkInto(topology: TopologyProps, name: string): TopologyLink | undefined {
  return topology.links.find(
    (link) => link.kind === LinkKind.PHYSICAL && link.to === name && link.promoted !== true,
  );
}

function checkServer(name: string, server: TopologyServer, problems: Problems): void {
  const at = `servers.${name}`;
  problems.addIf(
    !/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(name),
    `a server's name must be a letter followed by up to 39 letters, digits or hyphens, got ${JSON.stringify(name)}; rename it`,
  );
  const { majorVersion } = server;
  problems.addIf(
    !Number.isInteger(majorVersion) || knownMajor(majorVersion) === 'too-old',
    `'${at}.majorVersion' must be a whole PostgreSQL major of at least ${KNOWN_MAJORS.oldest}, got ${JSON.stringify(majorVersion)}; upgrade the server first`,
  );
  const problem = nameProblem(server.database, `${at}.database`);
  if (problem !== undefined) problems.add(problem);
}

function checkLink(
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
  const slotProblem = slotNameProblem(slotNameOf(link), `${at}.slotName`);
  if (slotProblem !== undefined) problems.add(slotProblem);
  if (link.kind === LinkKind.PHYSICAL) checkPhysicalLink(link, from, to, at, problems);
  else checkLogicalLink(topology, link, to, at, problems);
}

/** A name such as `constructor` is no server, although every object has it. */
function serverNamed({ servers }: TopologyProps, name: string): TopologyServer | undefined {
  return Object.hasOwn(servers, name) ? servers[name] : undefined;
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
    from.majorVersion !== to.majorVersion,
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
  to: TopologyServer,
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
    !supports(from.majorVersion, 'standby-logical-decoding'),
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
      used && !supports(publisher.majorVersion, capability),
      `'${at}.selection.tables.${what}' requires PostgreSQL ${capabilitySince(capability)} or later on '${link.from}', got ${publisher.majorVersion}; leave it out or use a DMS link`,
    );
  }
}

function checkPhysicalTree(topology: TopologyProps, problems: Problems): void {
  const physical = topology.links.filter((link) => link.kind === LinkKind.PHYSICAL);
  for (const name of Object.keys(topology.servers)) {
    const into = physical.filter((link) => link.to === name);
    problems.addIf(
      into.length > 1,
      `server '${name}' must be the standby of one server, got ${into.map((link) => `'${link.from}'`).join(' and ')}; remove one link`,
    );
    problems.addIf(
      standbyLinkInto(topology, primaryOf(topology, name)) !== undefined,
      `server '${name}' cannot be a standby of itself, which its physical links make it; remove the link that closes the circle`,
    );
  }
}

function checkSlotNames(topology: TopologyProps, problems: Problems): void {
  const taken = new Map<string, TopologyLink>();
  for (const link of topology.links) {
    const key = `${link.from}/${slotNameOf(link)}`;
    const other = taken.get(key);
    problems.addIf(
      other !== undefined,
      `slot '${slotNameOf(link)}' on '${link.from}' must serve one link, got those to '${other?.to}' and '${link.to}'; set 'slotName' on one`,
    );
    taken.set(key, link);
  }
}

function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase();
}
