import type { Reader } from '../reader';
import {
  isManaged,
  LinkKind,
  linksFrom,
  linksInto,
  namesOf,
  partNameProblem,
  serverOf,
  slotNameOf,
  standbyLinkInto,
  type Topology,
  type TopologyLink,
} from '../topology';

/** A link as it is watched from one of its ends. */
export interface WatchedLink {
  /** The server that sends. */
  readonly from: string;
  /** The server that receives. */
  readonly to: string;
  /** How changes travel. */
  readonly kind: LinkKind;
  /** The slot on the sender. */
  readonly slotName: string;
  /** What tells it from others between the same servers. */
  readonly part?: string;
}

/** What is measured on one server. Plain data, and short: a schedule's input holds no more than 8 KiB. */
export interface WatchPoint {
  /** The server's name in the topology. */
  readonly server: string;
  /** Its PostgreSQL major. */
  readonly majorVersion: number;
  /** Links that leave it, whose slots it holds. */
  readonly sends: readonly WatchedLink[];
  /** Native links that end here, by subscriptions. */
  readonly subscribes: readonly WatchedLink[];
  /** The link that makes it a standby; the age of the heartbeat here is the link's lag. */
  readonly follows?: WatchedLink;
  /** Whether what the data takes on disk is measured: on servers whose disk nobody else watches. */
  readonly disk: boolean;
  /**
   * The table with the heartbeat.
   *
   * @default 'heartbeat'
   */
  readonly heartbeat?: string;
}

/** What has to be measured on each server of `topology` that changes flow to or from. */
export function deriveWatchPoints(topology: Topology): WatchPoint[] {
  const flowing = topology.links.filter((link) => link.promoted !== true);
  return Object.keys(topology.servers)
    .filter((name) => flowing.some(({ from, to }) => from === name || to === name))
    .map((name) => watchPoint(topology, name));
}

/** How metrics name `link`. */
export function linkName({ from, to, part }: Pick<WatchedLink, 'from' | 'to' | 'part'>): string {
  return `${from}->${to}${part === undefined ? '' : `/${part}`}`;
}

function watchPoint(topology: Topology, name: string): WatchPoint {
  const server = serverOf(topology, name);
  const above = standbyLinkInto(topology, name);
  return {
    server: name,
    majorVersion: server.majorVersion,
    sends: linksFrom(topology, name)
      .filter((link) => link.promoted !== true)
      .map((link) => watched(topology, link)),
    subscribes: linksInto(topology, name)
      .filter((link) => link.kind === LinkKind.NATIVE)
      .map((link) => watched(topology, link)),
    ...(above === undefined ? {} : { follows: watched(topology, above) }),
    disk: !isManaged(server),
    ...(topology.namePrefix === undefined ? {} : { heartbeat: namesOf(topology).heartbeat }),
  };
}

function watched(topology: Topology, link: TopologyLink): WatchedLink {
  const { from, to, kind, part } = link;
  const slotName = slotNameOf(topology, link);
  return { from, to, kind, slotName, ...(part === undefined ? {} : { part }) };
}

/** Reads a watch point out of plain data. */
export function readWatchPoint(reader: Reader): WatchPoint {
  const follows = reader.optionalObject('follows', readLink);
  const heartbeat = reader.optionalText('heartbeat');
  return {
    server: reader.text('server'),
    majorVersion: reader.integer('majorVersion', 1),
    sends: reader.list('sends', readLink),
    subscribes: reader.list('subscribes', readLink),
    ...(follows === undefined ? {} : { follows }),
    disk: reader.flag('disk', false),
    ...(heartbeat === undefined ? {} : { heartbeat }),
  };
}

function readLink(reader: Reader): WatchedLink {
  const part = reader.optionalTextThat('part', partNameProblem);
  return {
    from: reader.text('from'),
    to: reader.text('to'),
    kind: reader.choice('kind', Object.values(LinkKind)),
    slotName: reader.slotName('slotName'),
    ...(part === undefined ? {} : { part }),
  };
}
