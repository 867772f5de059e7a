import { Problems } from '../errors';
import { Reader } from '../reader';
import { readSelection } from '../table-selection';
import { createTopology, type Topology } from './create';
import { LinkKind, Platform, type TopologyLink, type TopologyServer, WalLevel } from './topology';

/**
 * Reads a topology out of plain data, such as a file or a stack's metadata.
 *
 * @throws ValidationError that lists everything that is wrong with it.
 */
export function readTopology(input: unknown): Topology {
  const problems = new Problems();
  const reader = new Reader(input, '', problems);
  const servers = reader.object('servers', (nested) =>
    Object.entries(nested.everything()).map(([name, value]) => {
      const server = new Reader(value, `servers.${name}`, problems);
      const read = readServer(server);
      server.refuseTheRest();
      return [name, read] as const;
    }),
  );
  const links = reader.list('links', readLink);
  const namePrefix = reader.optionalText('namePrefix');
  reader.refuseTheRest();
  problems.throwIfAny('the topology');
  return createTopology({
    servers: Object.fromEntries(servers),
    links,
    ...(namePrefix === undefined ? {} : { namePrefix }),
  });
}

function readServer(reader: Reader): TopologyServer {
  const walLevel = optionalWalLevel(reader);
  const maxSlotWalKeepMiB = reader.optionalInteger('maxSlotWalKeepMiB', 1);
  const dataVolumeGiB = reader.optionalInteger('dataVolumeGiB', 1);
  const synchronous = reader.optionalObject('synchronous', (nested) => ({
    quorum: nested.integer('quorum', 1),
    standbys: nested.texts('standbys'),
  }));
  return {
    platform: reader.choice('platform', Object.values(Platform)),
    majorVersion: reader.integer('majorVersion', 1),
    database: reader.text('database'),
    ...(walLevel === undefined ? {} : { walLevel }),
    ...(maxSlotWalKeepMiB === undefined ? {} : { maxSlotWalKeepMiB }),
    ...(dataVolumeGiB === undefined ? {} : { dataVolumeGiB }),
    ...(synchronous === undefined ? {} : { synchronous }),
  };
}

function optionalWalLevel(reader: Reader): WalLevel | undefined {
  return reader.optionalText('walLevel') === undefined
    ? undefined
    : reader.choice('walLevel', Object.values(WalLevel));
}

function readLink(reader: Reader): TopologyLink {
  const part = reader.optionalText('part');
  const slotName = reader.optionalText('slotName');
  const selection = reader.optionalObject('selection', readSelection);
  const promoted =
    reader.optionalText('promoted') === undefined ? undefined : reader.flag('promoted', false);
  return {
    kind: reader.choice('kind', Object.values(LinkKind)),
    from: reader.text('from'),
    to: reader.text('to'),
    ...(part === undefined ? {} : { part }),
    ...(slotName === undefined ? {} : { slotName }),
    ...(selection === undefined ? {} : { selection }),
    ...(promoted === undefined ? {} : { promoted }),
  };
}
