import { supports } from '../capabilities';
import { LinkKind } from '../topology';
import { type Metric, type MetricName, metric, type Reading } from './metric';
import { linkName, type WatchedLink, type WatchPoint } from './points';

/** A row of `watchSql`. */
export interface WatchRow {
  readonly slots: readonly SlotRow[] | null;
  readonly subscriptions: readonly SubscriptionRow[] | null;
  readonly beatAge: number | null;
  readonly longestTransaction: number | null;
  readonly dataBytes: number | null;
}

/** A slot as `watchSql` reports it. */
export interface SlotRow {
  readonly name: string;
  readonly active: boolean;
  /** What the walsender does; null without one, or without the right to see it. */
  readonly state: string | null;
  readonly lost: boolean | null;
  readonly retained: number | null;
  readonly behind: number | null;
  readonly seconds: number | null;
}

/** A subscription as `watchSql` reports it. */
export interface SubscriptionRow {
  readonly slot: string | null;
  readonly running: boolean;
  readonly errors: number | null;
  readonly left: number;
}

/** Understands what the server answered to `watchSql`. */
export function readMetrics(point: WatchPoint, row: WatchRow): Reading {
  const found = new Found();
  const server = { Server: point.server };
  const slots = new Map((row.slots ?? []).map((slot) => [slot.name, slot]));
  for (const link of point.sends) readSender(found, link, slots.get(link.slotName));
  for (const link of point.subscribes) {
    const subscription = row.subscriptions?.find(({ slot }) => slot === link.slotName);
    readSubscriber(found, link, subscription, supports(point.majorVersion, 'subscription-stats'));
  }
  if (point.follows !== undefined) {
    const age = row.beatAge === null ? null : Math.max(row.beatAge, 0);
    found.add('LagSeconds', age, { Link: linkName(point.follows) }, 'no heartbeat has arrived');
  }
  if (row.slots !== null) {
    const retained = row.slots.map((slot) => slot.retained ?? 0);
    found.add('MostRetainedWalBytes', Math.max(0, ...retained), server);
  }
  found.add('LongestTransactionSeconds', row.longestTransaction, server, NEEDS_MONITOR);
  if (point.disk) found.add('DataBytes', row.dataBytes, server, NEEDS_MONITOR);
  return found.reading(point.server, { down: false });
}

/** What is known of a server that could not be asked: `down` if nobody could log in. */
export function readNothing(point: WatchPoint, why: { down: boolean; reason: string }): Reading {
  const found = new Found();
  for (const what of expected(point)) found.miss(what, why.reason);
  return found.reading(point.server, why);
}

const NEEDS_MONITOR = 'the role must be a member of pg_monitor';

function readSender(found: Found, link: WatchedLink, slot: SlotRow | undefined): void {
  const ofSlot = { Server: link.from, Slot: link.slotName };
  const ofLink = { Link: linkName(link) };
  found.add('SlotMissing', slot === undefined ? 1 : 0, ofSlot);
  if (slot === undefined) {
    found.add('LinkDown', 1, ofLink);
    const missing = `slot '${link.slotName}' is missing`;
    for (const name of lagsOf(link)) found.add(name, null, ofLink, missing);
    for (const name of ['RetainedWalBytes', 'SlotLost'] as const)
      found.add(name, null, ofSlot, missing);
    return;
  }
  const lost = slot.lost ?? false;
  found.add('SlotLost', lost ? 1 : 0, ofSlot);
  // A lost slot, or one that was never used, holds nothing.
  found.add('RetainedWalBytes', slot.retained ?? 0, ofSlot);
  found.add('LinkDown', linkDown(slot), ofLink, NEEDS_MONITOR);
  found.add(
    'LagBytes',
    slot.behind,
    ofLink,
    `slot '${link.slotName}' ${lost ? 'is lost' : 'was never read'}`,
  );
  if (link.kind === LinkKind.PHYSICAL) return;
  const nobody = slot.active ? NEEDS_MONITOR : `nobody reads slot '${link.slotName}'`;
  found.add('LagSeconds', slot.seconds, ofLink, nobody);
}

/** A physical link's seconds are read on its standby. */
function lagsOf({ kind }: WatchedLink): readonly MetricName[] {
  return kind === LinkKind.PHYSICAL ? ['LagBytes'] : ['LagBytes', 'LagSeconds'];
}

function linkDown({ active, state }: SlotRow): number | null {
  if (!active) return 1;
  if (state === null) return null;
  return state === 'streaming' || state === 'catchup' ? 0 : 1;
}

function readSubscriber(
  found: Found,
  link: WatchedLink,
  subscription: SubscriptionRow | undefined,
  counts: boolean,
): void {
  const ofLink = { Link: linkName(link) };
  const missing = `no subscription reads slot '${link.slotName}'`;
  found.add('SubscriptionDown', subscription?.running === true ? 0 : 1, ofLink);
  if (counts) found.add('SubscriptionErrors', subscription?.errors ?? null, ofLink, missing);
  found.add('TablesLeft', subscription?.left ?? null, ofLink, missing);
}

function expected(point: WatchPoint): MetricName[] {
  const { sends, subscribes, majorVersion } = point;
  return [
    ...sends.flatMap((link): MetricName[] => [
      'SlotMissing',
      'SlotLost',
      'RetainedWalBytes',
      'LinkDown',
      ...lagsOf(link),
    ]),
    ...subscribes.flatMap((): MetricName[] => [
      'SubscriptionDown',
      ...(supports(majorVersion, 'subscription-stats') ? (['SubscriptionErrors'] as const) : []),
      'TablesLeft',
    ]),
    ...(point.follows === undefined ? [] : (['LagSeconds'] as const)),
    ...(sends.length > 0 || point.disk ? (['MostRetainedWalBytes'] as const) : []),
    'LongestTransactionSeconds',
    ...(point.disk ? (['DataBytes'] as const) : []),
  ];
}

class Found {
  private readonly metrics: Metric[] = [];
  private readonly missed: { readonly name: MetricName; readonly reason: string }[] = [];

  /** Keeps a value, or, where there is none, why not. */
  public add(
    name: MetricName,
    value: number | null,
    dimensions: Readonly<Record<string, string>>,
    whyNot = 'the server gave no value',
  ): void {
    if (value === null) this.miss(name, whyNot);
    else this.metrics.push(metric(name, value, dimensions));
  }

  public miss(name: MetricName, reason: string): void {
    this.missed.push({ name, reason });
  }

  public reading(server: string, { down }: { readonly down: boolean }): Reading {
    const dimensions = { Server: server };
    return {
      metrics: [
        metric('ServerDown', down ? 1 : 0, dimensions),
        metric('Unreadable', this.missed.length, dimensions),
        ...this.metrics,
      ],
      unreadable: this.reasons(),
    };
  }

  /** One line for each reason, with all metrics that it keeps from being read. */
  private reasons(): string[] {
    const names = new Map<string, Set<MetricName>>();
    for (const { name, reason } of this.missed)
      names.set(reason, (names.get(reason) ?? new Set()).add(name));
    return [...names].map(([reason, missed]) => `${[...missed].join(', ')}: ${reason}`);
  }
}
