import { supports } from '../capabilities';
import { LinkKind } from '../topology';
import { type AlarmOptions, type AlarmRule, duration, MIB, rule, size } from './alarm-rule';
import { linkName, type WatchedLink, type WatchPoint } from './points';

/** The alarms on links that leave a server, and on subscriptions that end there. */
export function linkAlarms(point: WatchPoint, options: AlarmOptions): AlarmRule[] {
  return [
    ...point.sends.flatMap((link) => senderAlarms(link, options)),
    ...point.subscribes.flatMap((link) => subscriptionAlarms(link, point)),
  ];
}

function senderAlarms(link: WatchedLink, options: AlarmOptions): AlarmRule[] {
  const { from, to, slotName, kind } = link;
  const id = linkId(link);
  const ofSlot = { Server: from, Slot: slotName };
  return [
    ...lagAlarms(link, options),
    rule(
      `${id}-Down`,
      'LinkDown',
      { Link: linkName(link) },
      {
        threshold: 0,
        text:
          kind === LinkKind.PHYSICAL
            ? `Standby '${to}' does not stream from '${from}'. Meanwhile slot '${slotName}' keeps WAL there.`
            : `Nobody reads slot '${slotName}' on '${from}', so that '${to}' falls behind. Meanwhile the slot keeps WAL.`,
      },
    ),
    rule(`${id}-SlotLost`, 'SlotLost', ofSlot, {
      threshold: 0,
      runs: 1,
      text: `Slot '${slotName}' on '${from}' was invalidated. '${to}' cannot go on: drop the slot, make it anew and copy the data again.`,
    }),
    rule(`${id}-SlotMissing`, 'SlotMissing', ofSlot, {
      threshold: 0,
      text: `Slot '${slotName}' is not on '${from}'. '${to}' cannot go on: make it anew and copy the data again.`,
    }),
  ];
}

function subscriptionAlarms(link: WatchedLink, { server, majorVersion }: WatchPoint): AlarmRule[] {
  const id = linkId(link);
  const of = { Link: linkName(link) };
  const subscription = `The subscription${link.part === undefined ? '' : ` of part '${link.part}'`}`;
  const down = rule(`${id}-SubscriptionDown`, 'SubscriptionDown', of, {
    threshold: 0,
    text: `${subscription} on '${server}' is missing, disabled or without its worker. The log of '${server}' says why.`,
  });
  if (!supports(majorVersion, 'subscription-stats')) return [down];
  const errors = rule(`${id}-SubscriptionErrors`, 'SubscriptionErrors', of, {
    threshold: 0,
    growth: true,
    text: `${subscription} on '${server}' fails and tries again. The log of '${server}' names the row; nothing behind it arrives before it is mended.`,
  });
  return [down, errors];
}

/** Names of constructs hold no slash. */
function linkId({ from, to, part }: WatchedLink): string {
  return [from, to, ...(part === undefined ? [] : [part])].join('-');
}

function lagAlarms(watched: WatchedLink, options: AlarmOptions): AlarmRule[] {
  const { writeMiBPerSecond: rate, maxLagSeconds: seconds = 300 } = options;
  const [id, link] = [linkId(watched), linkName(watched)];
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
