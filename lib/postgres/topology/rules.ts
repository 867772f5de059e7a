import { KNOWN_MAJORS, knownMajor } from '../capabilities';
import { Problems } from '../errors';
import { nameProblem } from '../identifiers';
import { checkLink } from './link-rules';
import { primaryOf, slotNameOf, standbyLinkInto } from './links';
import { namePrefixProblem } from './names';
import { checkParts } from './part-rules';
import { pglogicalWarning } from './pglogical-rules';
import { checkPlainData } from './plain-data';
import { checkSynchronous, quorumWarnings } from './synchronous-rules';
import { LinkKind, type TopologyLink, type TopologyProps, type TopologyServer } from './topology';

/** Says everything that cannot work in `topology`, each with the way out. */
export function topologyProblems(props: TopologyProps): readonly string[] {
  const problems = new Problems();
  checkPlainData(props.servers, 'servers', problems);
  checkPlainData(props.links, 'links', problems);
  checkPlainData(props.namePrefix, 'namePrefix', problems);
  if (problems.list().length > 0) return problems.list();
  const { namePrefix: prefix, ...unnamed } = props;
  const problem = prefix === undefined ? undefined : namePrefixProblem(prefix, 'namePrefix');
  if (problem !== undefined) problems.add(problem);
  // That names which begin with a bad prefix are bad too is no news.
  const topology = problem === undefined ? props : unnamed;
  for (const [name, server] of Object.entries(topology.servers))
    checkServer(name, server, problems);
  for (const [index, link] of topology.links.entries())
    checkLink(topology, link, `links[${index}]`, problems);
  checkPhysicalTree(topology, problems);
  checkSlotNames(topology, problems);
  checkParts(topology, problems);
  checkSynchronous(topology, problems);
  return problems.list();
}

/** Says what this library does not know enough about to promise that it works. */
export function topologyWarnings(topology: TopologyProps): readonly string[] {
  const unchecked = Object.entries(topology.servers)
    .filter(([, server]) => knownMajor(server.majorVersion) === 'unchecked')
    .map(
      ([name, server]) =>
        `unchecked: server '${name}' runs PostgreSQL ${server.majorVersion}, newer than ${KNOWN_MAJORS.newest}, the newest that was tried`,
    );
  const pglogical = topology.links
    .filter(({ kind }) => kind === LinkKind.PGLOGICAL)
    .flatMap((link) => pglogicalWarning(topology, link) ?? []);
  return [...unchecked, ...quorumWarnings(topology), ...pglogical];
}

function checkServer(name: string, server: TopologyServer, problems: Problems): void {
  const at = `servers.${name}`;
  problems.addIf(
    !/^[A-Za-z][A-Za-z0-9-]{0,39}$/.test(name),
    `a server's name must be a letter followed by up to 39 letters, digits or hyphens, got ${JSON.stringify(name)}; rename it`,
  );
  const { majorVersion, maxSlotWalKeepMiB, dataVolumeGiB } = server;
  problems.addIf(
    !Number.isInteger(majorVersion) || knownMajor(majorVersion) === 'too-old',
    `'${at}.majorVersion' must be a whole PostgreSQL major of at least ${KNOWN_MAJORS.oldest}, got ${majorVersion}; upgrade the server first`,
  );
  problems.addIf(
    maxSlotWalKeepMiB !== undefined &&
      !(Number.isInteger(maxSlotWalKeepMiB) && maxSlotWalKeepMiB >= 1),
    `'${at}.maxSlotWalKeepMiB' must be a whole number of MiB of at least 1, got ${maxSlotWalKeepMiB}; leave it out for no limit of ours`,
  );
  problems.addIf(
    dataVolumeGiB !== undefined && !(Number.isInteger(dataVolumeGiB) && dataVolumeGiB >= 1),
    `'${at}.dataVolumeGiB' must be a whole number of GiB of at least 1, got ${dataVolumeGiB}; leave it out if it is not known`,
  );
  const problem = nameProblem(server.database, `${at}.database`);
  if (problem !== undefined) problems.add(problem);
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
    const key = `${link.from}/${slotNameOf(topology, link)}`;
    const other = taken.get(key);
    problems.addIf(
      other !== undefined,
      `slot '${slotNameOf(topology, link)}' on '${link.from}' must serve one link, got those to '${other?.to}' and '${link.to}'; set 'slotName' on one`,
    );
    taken.set(key, link);
  }
}
