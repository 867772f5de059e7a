import {
  clusterOf,
  LinkKind,
  Platform,
  primaryOf,
  serverOf,
  standbyLinkInto,
  type Topology,
  type TopologyLink,
} from '../topology';

/**
 * Who opens a connection: a server of the topology, what runs beside PostgreSQL on a server's own machine, or one of
 * the programs around them.
 */
export type FlowOrigin =
  | { readonly server: string }
  | { readonly hostOf: string }
  | { readonly program: 'runner' | 'dms' };

/** One direction in which connections are opened; what firewalls and pg_hba must admit, and nothing else. */
export interface Flow {
  /** Who connects. */
  readonly from: FlowOrigin;
  /** The server that is connected to. */
  readonly to: string;
  /** Whether the connection speaks the physical replication protocol, which pg_hba names `replication`. */
  readonly physical: boolean;
  /**
   * Whether an ordinary connection is the standby's own, which reads files by it and logs in as the role that streams.
   *
   * @default false
   */
  readonly asStandby?: boolean;
  /** What the connection is for. */
  readonly purpose: string;
}

/** What a topology does not say of its flows. */
export interface FlowOptions {
  /**
   * Whether writers will follow their targets after a cutover, by subscriptions of their own.
   *
   * @default false
   */
  readonly wayBack?: boolean;
}

/** Every connection that `topology` needs. The runner reaches every server; receivers pull from senders. */
export function deriveFlows(topology: Topology, { wayBack = false }: FlowOptions = {}): Flow[] {
  const runner = Object.keys(topology.servers).map(
    (to): Flow => ({
      from: { program: 'runner' },
      to,
      physical: false,
      purpose: 'objects, preflight and metrics',
    }),
  );
  const flows = topology.links.flatMap((link) => [
    ...replicationFlows(topology, link),
    ...schemaCopyFlows(topology, link),
    ...(wayBack ? reverseFlows(topology, link) : []),
  ]);
  const streams = new Set(flows.filter(({ physical }) => physical).map((flow) => pairOf(flow)));
  flows.push(...promotionFlows(topology).filter((flow) => !streams.has(pairOf(flow))));
  // Links that share the tables between two servers take the same way.
  return [...runner, ...new Map(flows.map((flow) => [JSON.stringify(flow), flow])).values()];
}

function replicationFlows(topology: Topology, { kind, from, to }: TopologyLink): Flow[] {
  switch (kind) {
    case LinkKind.PHYSICAL:
      if (standbyLinkInto(topology, to) === undefined) return [];
      return [
        { from: { server: to }, to: from, physical: true, purpose: 'base backup and streaming' },
      ];
    case LinkKind.NATIVE:
    case LinkKind.PGLOGICAL:
      return [{ from: { server: to }, to: from, physical: false, purpose: 'subscription' }];
    case LinkKind.DMS:
      return [
        { from: { program: 'dms' }, to: from, physical: false, purpose: 'full load and decoding' },
        { from: { program: 'dms' }, to, physical: false, purpose: 'apply' },
      ];
  }
}

/** Whichever server of a cluster is promoted, the others stream from it, and the old primary rewinds itself to it. */
function promotionFlows(topology: Topology): Flow[] {
  return Object.keys(topology.servers).flatMap((to) =>
    clusterOf(topology, to)
      .filter((other) => other !== to)
      .flatMap((other): Flow[] => [
        { from: { server: other }, to, physical: true, purpose: 'streaming, after a promotion' },
        {
          from: { server: other },
          to,
          physical: false,
          asStandby: true,
          purpose: 'pg_rewind, after a promotion',
        },
      ]),
  );
}

/** Who streams from whom. What is no stream is told apart by itself. */
function pairOf(flow: Flow): string {
  return JSON.stringify([flow.from, flow.to, flow.physical]);
}

/** The way back is native, whatever led there: the old writer pulls from the new one. */
function reverseFlows(topology: Topology, { kind, from, to }: TopologyLink): Flow[] {
  if (kind === LinkKind.PHYSICAL) return [];
  return [
    {
      from: { server: primaryOf(topology, from) },
      to,
      physical: false,
      purpose: 'subscription, after a cutover',
    },
  ];
}

/** The schema is dumped on the sender's machine, where it is one of ours, and goes straight into the receiver. */
function schemaCopyFlows(topology: Topology, { kind, from, to }: TopologyLink): Flow[] {
  const ours = serverOf(topology, from).platform === Platform.EC2;
  if (kind === LinkKind.PHYSICAL || !ours) return [];
  return [{ from: { hostOf: from }, to, physical: false, purpose: 'schema copy' }];
}
