import type { Problems } from '../errors';
import { directStandbys } from './cluster';
import { isManaged } from './managed';
import { Platform, type TopologyProps } from './topology';

/** Keeps a problem for whatever keeps the servers of `topology` from waiting for their standbys. */
export function checkSynchronous(topology: TopologyProps, problems: Problems): void {
  for (const name of Object.keys(topology.servers)) checkQuorum(topology, name, problems);
}

/** Says where one standby that is away stops writes. */
export function quorumWarnings({ servers }: TopologyProps): string[] {
  return Object.entries(servers).flatMap(([name, { synchronous }]) =>
    synchronous === undefined || synchronous.quorum < synchronous.standbys.length
      ? []
      : [
          `'servers.${name}.synchronous' waits for all of ${synchronous.standbys.map((standby) => `'${standby}'`).join(', ')}: one that is away stops writes; name one standby more than the quorum`,
        ],
  );
}

function checkQuorum(topology: TopologyProps, name: string, problems: Problems): void {
  const server = topology.servers[name];
  if (server?.synchronous === undefined) return;
  const { quorum, standbys } = server.synchronous;
  const at = `servers.${name}.synchronous`;
  const direct = directStandbys(topology, name);
  problems.addIf(
    isManaged(server),
    `'${at}' cannot be given for a server that ${server.platform} manages; leave it out`,
  );
  for (const standby of standbys) {
    problems.addIf(
      !direct.includes(standby),
      `'${at}.standbys' must name standbys that stream from '${name}', got '${standby}'; ${direct.length === 0 ? 'it has none, so leave it out' : `known are ${direct.join(', ')}`}`,
    );
    problems.addIf(
      topology.servers[standby]?.platform === Platform.EC2,
      `'${at}.standbys' cannot name '${standby}', an instance that is replaced with its image; writes would wait for it, so leave it out`,
    );
  }
  problems.addIf(
    new Set(standbys).size < standbys.length,
    `'${at}.standbys' must name each standby once, got ${standbys.join(', ')}; remove one`,
  );
  problems.addIf(
    !Number.isInteger(quorum) || quorum < 1 || quorum > standbys.length,
    `'${at}.quorum' must be a whole number from 1 to the number of standbys, which is ${standbys.length}, got ${quorum}; correct it`,
  );
}
