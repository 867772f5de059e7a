import { supports } from '../capabilities';
import type { PublisherAddress, SubscriptionSpec } from '../objects';
import type { ReplicationPath } from './plan';

/**
 * The subscription by which the old writer, a server of `major`, will follow the new one. The order of the steps keeps
 * rows that came from it from coming back; where a publisher can be told to leave them out, that does too.
 */
export function reverseSubscription(
  {
    subscription,
    publication,
    publisher,
    slotName,
  }: ReplicationPath & {
    readonly subscription: string;
    readonly publication: string;
    readonly publisher: PublisherAddress;
  },
  major: number,
): SubscriptionSpec {
  return {
    kind: 'subscription',
    name: subscription,
    publisher,
    publications: [publication],
    slotName,
    copyData: false,
    enabled: false,
    originNone: supports(major, 'subscription-origin'),
  };
}
