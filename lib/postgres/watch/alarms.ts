import { supports } from '../capabilities';
import { Problems } from '../errors';
import { LinkKind, type Topology } from '../topology';
import { METRIC_UNITS, type MetricName, type MetricUnit } from './metric';
import { deriveWatchPoints, linkName, type WatchPoint } from './points';

/** What the limits depend on. */
export interface AlarmOptions {
  /** The size of the servers' data disks in GiB, by name; leave out those that somebody else watches or that grow. */
  readonly diskGiB?: Readonly<Record<string, number>>;
  /** How much WAL is written on the source, in MiB a second. */
  readonly writeMiBPerSecond: number;
  /**
   * The share of a disk that WAL held back by slots may take, between 0 and 1. The alarm comes at half of it.
   *
   * @default 0.2
   */
  readonly walShare?: number;
  /**
   * How old the changes may be that a receiver has, in seconds.
   *
   * @default 300
   */
  readonly maxLagSeconds?: number;
  /**
   * How long a transaction may run, in seconds. A slot keeps the log since its oldest transaction, and a new slot
   * waits for all of them.
   *
   * @default 3600
   */
  readonly maxTransactionSeconds?: number;
}

/** When people are told. */
export interface AlarmRule {
  /** Unique in the topology, of letters, digits and hyphens. */
  readonly id: string;
  /** The metric. */
  readonly metric: MetricName;
  /** How it is counted. */
  readonly unit: MetricUnit;
  /** Of what. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** The alarm comes above it. */
  readonly threshold: number;
  /** Whether what counts is by how much the metric grew since the last run. */
  readonly growth: boolean;
  /** Runs in a row that must be above the threshold. */
  readonly runs: number;
  /** Whether silence is alarming: this metric is published by every run, so that without it nobody watches at all. */
  readonly silenceIsAlarming: boolean;
  /** What it means, and what follows. */
  readonly text: string;
}

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

function linkAlarms(point: WatchPoint, options: AlarmOptions): AlarmRule[] {
  const { sends, subscribes, server } = point;
  return [
    ...sends.flatMap((link) => [
      ...lagAlarms(linkName(link), options),
      rule(
        `${link.from}-${link.to}-Down`,
        'LinkDown',
        { Link: linkName(link) },
        {
          threshold: 0,
          text:
            link.kind === LinkKind.PHYSICAL
              ? `Standby '${link.to}' does not stream from '${server}'. Meanwhile slot '${link.slotName}' keeps WAL there.`
              : `Nobody reads slot '${link.slotName}' on '${server}', so that '${link.to}' falls behind. Meanwhile the slot keeps WAL.`,
        },
      ),
      rule(`${link.from}-${link.to}-SlotLost`, 'SlotLost', slotOf(point, link.slotName), {
        threshold: 0,
        runs: 1,
        text: `Slot '${link.slotName}' on '${server}' was invalidated. '${link.to}' cannot go on: drop the slot, make it anew and copy the data again.`,
      }),
      rule(`${link.from}-${link.to}-SlotMissing`, 'SlotMissing', slotOf(point, link.slotName), {
        threshold: 0,
        text: `Slot '${link.slotName}' is not on '${server}'. '${link.to}' cannot go on: make it anew and copy the data again.`,
      }),
    ]),
    ...subscribes.flatMap((link) => [
      rule(
        `${link.from}-${link.to}-SubscriptionDown`,
        'SubscriptionDown',
        { Link: linkName(link) },
        {
          threshold: 0,
          text: `The subscription on '${server}' is missing, disabled or without its worker. The log of '${server}' says why.`,
        },
      ),
      ...(countsErrors(point)
        ? [
            rule(
              `${link.from}-${link.to}-SubscriptionErrors`,
              'SubscriptionErrors',
              { Link: linkName(link) },
              {
                threshold: 0,
                growth: true,
                text: `The subscription on '${server}' fails and tries again. The log of '${server}' names the row; nothing behind it arrives before it is mended.`,
              },
            ),
          ]
        : []),
    ]),
  ];
}

function lagAlarms(link: string, options: AlarmOptions): AlarmRule[] {
  const { writeMiBPerSecond: rate, maxLagSeconds: seconds = 300 } = options;
  const id = link.replace('->', '-');
  return [
    rule(
      `${id}-LagSeconds`,
      'LagSeconds',
      { Link: link },
      {
        threshold: seconds,
        text: `${link} lags more than ${duration(seconds)}.`,
      },
    ),
    rule(
      `${id}-LagBytes`,
      'LagBytes',
      { Link: link },
      {
        threshold: Math.round(seconds * rate * MIB),
        text: `${link} lags more than ${size(seconds * rate)}, what is written in ${duration(seconds)} at ${rate} MiB/s.`,
      },
    ),
  ];
}

function countsErrors({ majorVersion }: WatchPoint): boolean {
  return supports(majorVersion, 'subscription-stats');
}

function slotOf({ server }: WatchPoint, slotName: string): Record<string, string> {
  return { Server: server, Slot: slotName };
}

function rule(
  id: string,
  name: MetricName,
  dimensions: Readonly<Record<string, string>>,
  given: Pick<AlarmRule, 'threshold' | 'text'> & Partial<AlarmRule>,
): AlarmRule {
  return {
    id,
    metric: name,
    unit: METRIC_UNITS[name],
    dimensions,
    growth: false,
    runs: 3,
    silenceIsAlarming: false,
    ...given,
  };
}

const MIB = 1024 * 1024;

function size(mebibytes: number): string {
  return mebibytes < 1024 ? `${round(mebibytes)} MiB` : `${round(mebibytes / 1024)} GiB`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${round(seconds)} s`;
  if (seconds < 7200) return `${round(seconds / 60)} min`;
  return seconds < 172_800 ? `${round(seconds / 3600)} h` : `${round(seconds / 86_400)} days`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
