import { Problems } from '../errors';
import type { Topology } from '../topology';
import { type AlarmOptions, type AlarmRule, duration, MIB, rule, size } from './alarm-rule';
import { linkAlarms } from './link-alarms';
import { deriveWatchPoints, type WatchPoint } from './points';

const HELD_SECONDS_WITHOUT_DISK = 3600;

/**
 * The alarms for `topology`.
 *
 * @throws ValidationError if an option is out of range.
 */
export function deriveAlarms(topology: Topology, options: AlarmOptions): AlarmRule[] {
  checkOptions(topology, options);
  const points = deriveWatchPoints(topology);
  return points.flatMap((point) => [
    ...serverAlarms(point, options),
    ...(point.sends.length > 0 ? [walAlarm(point, options)] : []),
    ...diskAlarms(point, options),
    ...linkAlarms(point, options),
  ]);
}

function checkOptions(topology: Topology, options: AlarmOptions): void {
  const problems = new Problems();
  const positive = {
    writeMiBPerSecond: options.writeMiBPerSecond,
    maxLagSeconds: options.maxLagSeconds,
    maxTransactionSeconds: options.maxTransactionSeconds,
    ...Object.fromEntries(
      Object.entries(options.diskGiB ?? {}).map(([name, size]) => [`diskGiB.${name}`, size]),
    ),
  };
  for (const [name, value] of Object.entries(positive)) {
    problems.addIf(
      value !== undefined && !(value > 0),
      `'${name}' must be above 0, got ${value}; give what was measured`,
    );
  }
  const { walShare } = options;
  problems.addIf(
    walShare !== undefined && !(walShare > 0 && walShare <= 1),
    `'walShare' must be above 0 and at most 1, got ${walShare}; 0.2 is a fifth of the disk`,
  );
  for (const name of Object.keys(options.diskGiB ?? {})) {
    problems.addIf(
      topology.servers[name] === undefined,
      `'diskGiB.${name}' must name a server of the topology, which has ${Object.keys(topology.servers).join(', ')}; correct the name`,
    );
  }
  problems.throwIfAny('the monitoring');
}

function serverAlarms({ server }: WatchPoint, options: AlarmOptions): AlarmRule[] {
  const of = { Server: server };
  const limit = options.maxTransactionSeconds ?? 3600;
  return [
    rule(`${server}-Down`, 'ServerDown', of, {
      threshold: 0,
      silenceIsAlarming: true,
      text: `Nobody can log in to '${server}', or nothing measures any more. Look at the log of the function and at its schedule.`,
    }),
    rule(`${server}-Unreadable`, 'Unreadable', of, {
      threshold: 0,
      silenceIsAlarming: true,
      text: `Metrics of '${server}' cannot be read, and so nobody knows how it is. The log of the function says which and why.`,
    }),
    rule(`${server}-LongTransaction`, 'LongestTransactionSeconds', of, {
      threshold: limit,
      text: `A transaction on '${server}' has run for more than ${duration(limit)}. Slots keep the log since it began, and new slots wait for its end.`,
    }),
  ];
}

/** The alarm comes when half of what slots may hold back is used. */
function walAlarm({ server }: WatchPoint, options: AlarmOptions): AlarmRule {
  const { writeMiBPerSecond: rate, diskGiB = {}, walShare = 0.2 } = options;
  const disk = diskGiB[server];
  const limitMiB =
    disk === undefined ? rate * HELD_SECONDS_WITHOUT_DISK : (disk * 1024 * walShare) / 2;
  const limit = `Slots on '${server}' hold back more than ${size(limitMiB)} of WAL`;
  const text =
    disk === undefined
      ? `${limit}, what is written in ${duration(HELD_SECONDS_WITHOUT_DISK)} at ${rate} MiB/s. Nothing is known here of the size of its disk: it stops when the disk is full. Start the receiver again, or drop its slot.`
      : `${limit}, half of the ${size(limitMiB * 2)} that they may take of its ${disk} GiB. At ${rate} MiB/s the other half is full in ${duration(limitMiB / rate)}; a full disk stops the server. Start the receiver again, or drop its slot.`;
  return rule(
    `${server}-RetainedWal`,
    'MostRetainedWalBytes',
    { Server: server },
    {
      threshold: Math.round(limitMiB * MIB),
      text,
    },
  );
}

function diskAlarms({ server, disk }: WatchPoint, options: AlarmOptions): AlarmRule[] {
  const capacity = options.diskGiB?.[server];
  if (!disk || capacity === undefined) return [];
  const left = capacity * 1024 * 0.15;
  return [
    rule(
      `${server}-Disk`,
      'DataBytes',
      { Server: server },
      {
        threshold: Math.round(capacity * 1024 * MIB * 0.85),
        text: `Databases and WAL of '${server}' take more than 85 % of its ${capacity} GiB. The rest is full in ${duration(left / options.writeMiBPerSecond)} at ${options.writeMiBPerSecond} MiB/s; a full disk stops the server. Enlarge the volume.`,
      },
    ),
  ];
}
