import {
  createTopology,
  LinkKind,
  Platform,
  type TableSelection,
  type Topology,
  WalLevel,
} from '../../lib/postgres';

interface ChainOptions {
  /** @default 17 */
  readonly majorVersion?: number;
  /** @default 'shop' */
  readonly database?: string;
  /** How C reads from B. @default LinkKind.DMS */
  readonly kind?: LinkKind.DMS | LinkKind.NATIVE;
  /** @default - every table of the schema public */
  readonly selection?: TableSelection;
  /** Whether B was promoted. @default - it was not, and the topology does not say so */
  readonly promoted?: boolean;
}

/** The hybrid chain: A, its standby B, and C, which reads from B. */
export function hybridChain(options: ChainOptions = {}): Topology {
  const { majorVersion = 17, database = 'shop', kind = LinkKind.DMS, promoted } = options;
  return createTopology({
    servers: {
      onPremises: {
        platform: Platform.SELF_MANAGED,
        majorVersion,
        database,
        walLevel: WalLevel.LOGICAL,
      },
      standby: { platform: Platform.EC2, majorVersion, database },
      aurora: { platform: Platform.AURORA, majorVersion, database },
    },
    links: [
      {
        kind: LinkKind.PHYSICAL,
        from: 'onPremises',
        to: 'standby',
        ...(promoted === undefined ? {} : { promoted }),
      },
      {
        kind,
        from: 'standby',
        to: 'aurora',
        selection: options.selection ?? { schemas: ['public'] },
      },
    ],
  });
}

/** A and its standby B, which nothing is decoded from. */
export function physicalChain(majorVersion = 17, database = 'shop'): Topology {
  return createTopology({
    servers: {
      onPremises: { platform: Platform.SELF_MANAGED, majorVersion, database },
      standby: { platform: Platform.EC2, majorVersion, database },
    },
    links: [{ kind: LinkKind.PHYSICAL, from: 'onPremises', to: 'standby' }],
  });
}
