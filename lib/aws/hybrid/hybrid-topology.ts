import {
  createTopology,
  deriveSettings,
  LinkKind,
  type NamePrefix,
  Platform,
  type RequiredSetting,
  type Topology,
} from '../../postgres';
import type { HybridMigrationProps } from './props';
import { Bridge, type HybridReplication, ReplicationMethod } from './replication-props';

/** The servers of the chain, as the topology names them. */
export const SERVERS = { source: 'onPremises', standby: 'standby', target: 'aurora' } as const;

/** What the names of slots depend on. */
type SlotNaming = NamePrefix & { readonly replication?: Pick<HybridReplication, 'dms'> };

/**
 * The slots of the chain. AWS DMS takes a slot's old position for a new start, and cannot start from a slot that was
 * lost: each reload has a slot of its own, which is made before the reload, as the old one is dropped after it.
 */
export function slotsOf({ namePrefix = 'pontoon', replication }: SlotNaming) {
  const { reload = 0 } = replication?.dms ?? {};
  const logical = `${namePrefix}_aurora`;
  return {
    physical: `${namePrefix}_standby`,
    logical: Number.isInteger(reload) && reload > 0 ? `${logical}_${reload}` : logical,
  } as const;
}

/** Whether changes already flow to the target, and not only to the standby. */
export function isBridged(props: HybridMigrationProps): boolean {
  return willBeBridged(props) && props.replication.deferred !== true;
}

/** Whether they do once what is deferred is deployed too. */
function willBeBridged({ replication, standby }: HybridMigrationProps): boolean {
  return replication.bridge !== Bridge.PROMOTE || standby.promoted === true;
}

/** The database that the data goes to. */
export function targetDatabase({ source, target }: HybridMigrationProps): string {
  return target.databaseName ?? source.databaseName;
}

/**
 * The chain as plain data, with what is deferred. Throws a ValidationError that lists everything that cannot work.
 */
export function hybridTopology(props: HybridMigrationProps): Topology {
  return chain(props, willBeBridged(props));
}

/** The chain as it is deployed. */
export function deployedTopology(props: HybridMigrationProps): Topology {
  return chain(props, isBridged(props));
}

function chain(props: HybridMigrationProps, bridged: boolean): Topology {
  const { source, standby, replication } = props;
  const database = source.databaseName;
  const promoted = standby.promoted === true;
  const slots = slotsOf(props);
  return createTopology({
    ...(props.namePrefix === undefined ? {} : { namePrefix: props.namePrefix }),
    servers: {
      [SERVERS.source]: {
        platform: Platform.SELF_MANAGED,
        majorVersion: source.majorVersion,
        database,
        walLevel: source.walLevel,
        ...(source.maxSlotWalKeepMiB === undefined
          ? {}
          : { maxSlotWalKeepMiB: source.maxSlotWalKeepMiB }),
      },
      [SERVERS.standby]: {
        platform: Platform.EC2,
        majorVersion: source.majorVersion,
        database,
        dataVolumeGiB: standby.dataVolumeGiB,
      },
      [SERVERS.target]: {
        platform: Platform.AURORA,
        majorVersion: props.target.majorVersion,
        database: targetDatabase(props),
      },
    },
    links: [
      {
        kind: LinkKind.PHYSICAL,
        from: SERVERS.source,
        to: SERVERS.standby,
        slotName: slots.physical,
        ...(promoted ? { promoted } : {}),
      },
      ...(bridged
        ? [
            {
              kind:
                replication.method === ReplicationMethod.NATIVE ? LinkKind.NATIVE : LinkKind.DMS,
              from: SERVERS.standby,
              to: SERVERS.target,
              slotName: slots.logical,
              selection: replication.selection,
            },
          ]
        : []),
    ],
  });
}

/** The chain as it will be once the standby was promoted. */
export function promotedTopology(props: HybridMigrationProps): Topology {
  return hybridTopology({ ...props, standby: { ...props.standby, promoted: true } });
}

/**
 * What the standby needs set. They are the same before and after its promotion: other user data would replace the
 * instance, on which the applications work by then.
 */
export function standbySettings(props: HybridMigrationProps): RequiredSetting[] {
  if (props.replication.bridge !== Bridge.PROMOTE)
    return deriveSettings(hybridTopology(props), SERVERS.standby);
  const following = { ...props, standby: { ...props.standby, promoted: false } };
  const later = deriveSettings(promotedTopology(props), SERVERS.standby);
  const now = deriveSettings(hybridTopology(following), SERVERS.standby);
  return [...later, ...now.filter(({ name }) => !later.some((setting) => setting.name === name))];
}
