import { type Connection, readConnection } from '../connection';
import { Problems } from '../errors';
import { type Lsn, lsnProblem } from '../lsn';
import { Reader } from '../reader';
import { clusterOf, readTopology, type Topology } from '../topology';

/** Everything that a promotion needs to be told. */
export interface PromotionInput {
  /** The cluster; it may still describe who was the primary before an earlier promotion. */
  readonly topology: Topology;
  /**
   * The servers of the cluster by name. Host and port are those that the other servers reach them by, too, and the
   * logins are superusers, since settings of the server are changed.
   */
  readonly connections: { readonly [server: string]: Connection };
  /** The primary that is to be replaced. @default - the primary of the topology */
  readonly from: string;
  /** The standby that is to be promoted. @default - the most advanced one */
  readonly to?: string;
  /**
   * Servers that are known to be gone as well, and not to be the present primary, although standbys still stream from
   * them.
   *
   * @default - none
   */
  readonly lost?: readonly string[];
  /**
   * Where the log of the old primary ended when it was last seen, such as a metric's last value: it tells how much an
   * asynchronous cluster has lost.
   *
   * @default - unknown
   */
  readonly lastKnown?: Lsn;
}

/**
 * Reads what a promotion needs out of plain data, such as JSON on stdin.
 *
 * @throws ValidationError that lists everything that is wrong with it.
 */
export function parsePromotion(input: unknown): PromotionInput {
  const problems = new Problems();
  const reader = new Reader(input, '', problems);
  const topology = readCluster(reader);
  const connections = reader.object('connections', (nested) =>
    Object.fromEntries(
      Object.keys(nested.everything()).map((server) => [
        server,
        nested.object(server, readConnection),
      ]),
    ),
  );
  const from = reader.optionalText('from') ?? firstPrimary(topology);
  const to = reader.optionalText('to');
  const lost = reader.optionalTexts('lost');
  const lastKnown = reader.optionalTextThat('lastKnown', lsnProblem);
  reader.refuseTheRest();
  if (topology !== undefined) checkServers({ topology, connections, from, to, lost }, problems);
  problems.throwIfAny('the promotion');
  if (topology === undefined) throw new TypeError('a topology without problems must be there');
  return {
    topology,
    connections,
    from,
    ...(to === undefined ? {} : { to }),
    ...(lost === undefined ? {} : { lost }),
    ...(lastKnown === undefined ? {} : { lastKnown }),
  };
}

function readCluster(reader: Reader): Topology | undefined {
  let topology: Topology | undefined;
  reader.collect(() => {
    topology = readTopology(reader.object('topology', (nested) => nested.everything()));
  });
  return topology;
}

/** The first server of which others of ours are standbys. */
function firstPrimary(topology: Topology | undefined): string {
  if (topology === undefined) return '';
  const names = Object.keys(topology.servers);
  return names.find((name) => clusterOf(topology, name)[0] === name) ?? '';
}

interface Given {
  readonly topology: Topology;
  readonly connections: PromotionInput['connections'];
  readonly from: string;
  readonly to: string | undefined;
  readonly lost: readonly string[] | undefined;
}

function checkServers(given: Given, problems: Problems): void {
  const { topology, connections, from, to, lost = [] } = given;
  const members = clusterOf(topology, from);
  const known = Object.keys(topology.servers)
    .filter((name) => clusterOf(topology, name).length > 0)
    .join(', ');
  if (members.length === 0) {
    problems.add(
      `'from' must be a host of ours with a physical standby, or one of these, got ${from === '' ? 'nothing' : `'${from}'`}; ${known === '' ? 'only a streaming cluster is promoted' : `known are ${known}`}`,
    );
    return;
  }
  problems.addIf(
    to !== undefined && (to === from || !members.includes(to)),
    `'to' must be another server of the cluster of '${from}', got '${to}'; known are ${members.filter((name) => name !== from).join(', ')}`,
  );
  for (const name of lost) {
    problems.addIf(
      name === from || name === to || !members.includes(name),
      `'lost' must name servers of the cluster beside 'from' and 'to', got '${name}'; known are ${members.filter((other) => other !== from && other !== to).join(', ')}`,
    );
  }
  for (const name of members) {
    const connection = connections[name];
    if (connection === undefined) {
      problems.add(
        `'connections' must have '${name}', which belongs to the cluster, got ${Object.keys(connections).join(', ') || 'none'}; add it, also for a server that is lost`,
      );
      continue;
    }
    const database = topology.servers[name]?.database;
    problems.addIf(
      connection.database !== database,
      `'connections.${name}.database' must be '${database}', as in the topology, got '${connection.database}'; what a primary has noted is looked for in one database only`,
    );
  }
}
