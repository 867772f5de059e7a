import {
  LinkKind,
  Platform,
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
  /** What the connection is for. */
  readonly purpose: string;
}

/** Every connection that `topology` needs. The runner reaches every server; receivers pull from senders. */
export function deriveFlows(topology: Topology): Flow[] {
  const runner = Object.keys(topology.servers).map(
    (to): Flow => ({
      from: { program: 'runner' },
      to,
      physical: false,
      purpose: 'objects, preflight and metrics',
    }),
  );
  return [
    ...runner,
    ...topology.links.flatMap((link) => [
      ...replicationFlows(topology, link),
      ...schemaCopyFlows(topology, link),
    ]),
  ];
}

function replicationFlows(topology: Topology, { kind, from, to }: TopologyLink): Flow[] {
  switch (kind) {
    case LinkKind.PHYSICAL:
      if (standbyLinkInto(topology, to) === undefined) return [];
      return [
        { from: { server: to }, to: from, physical: true, purpose: 'base backup and streaming' },
      ];
    case LinkKind.NATIVE:
      return [{ from: { server: to }, to: from, physical: false, purpose: 'subscription' }];
    case LinkKind.DMS:
      return [
        { from: { program: 'dms' }, to: from, physical: false, purpose: 'full load and decoding' },
        { from: { program: 'dms' }, to, physical: false, purpose: 'apply' },
      ];
  }
}

/** The schema is dumped on the sender's machine, where it is one of ours, and goes straight into the receiver. */
function schemaCopyFlows(topology: Topology, { kind, from, to }: TopologyLink): Flow[] {
  const ours = serverOf(topology, from).platform === Platform.EC2;
  if (kind === LinkKind.PHYSICAL || !ours) return [];
  return [{ from: { hostOf: from }, to, physical: false, purpose: 'schema copy' }];
}
