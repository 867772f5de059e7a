import { PontoonError, ValidationError } from '../errors';
import { topologyProblems } from './rules';
import type { TopologyProps, TopologyServer } from './topology';

/** A topology whose every rule was checked. Only {@link createTopology} makes one. */
export interface Topology extends TopologyProps {
  /** Marks what was checked, so that unchecked props are not mistaken for it. */
  readonly checked: true;
}

/**
 * Checks `props` and returns them as a topology.
 *
 * @throws ValidationError that lists everything that cannot work, each with the way out.
 */
export function createTopology(props: TopologyProps): Topology {
  const problems = topologyProblems(props);
  if (problems.length > 0) throw new ValidationError('the topology', problems);
  return { ...plainTopology(props), checked: true };
}

/** `topology` as it is written down: what {@link createTopology} makes it of again. */
export function plainTopology({ servers, links, namePrefix }: TopologyProps): TopologyProps {
  return { servers, links, ...(namePrefix === undefined ? {} : { namePrefix }) };
}

/** The server called `name`. Throws a PontoonError with code UNKNOWN_SERVER. */
export function serverOf(topology: TopologyProps, name: string): TopologyServer {
  const server = Object.hasOwn(topology.servers, name) ? topology.servers[name] : undefined;
  if (server !== undefined) return server;
  const known = Object.keys(topology.servers).join(', ');
  throw new PontoonError(
    'UNKNOWN_SERVER',
    `'${name}' must be a server of the topology, which has ${known}; correct the name`,
  );
}
