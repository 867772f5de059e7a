import { requireCapability } from '../capabilities';
import { PontoonError } from '../errors';
import { quoteIdentifier } from '../identifiers';
import { sql } from '../statement';
import { type ObjectKind, type PlanContext, type ResolvedSecret, step, stepAlone } from './object';
import { type ObservedSubscription, observeSubscription } from './observed-subscription';
import { alterSubscription, createSubscription } from './subscription-changes';
import { readSubscription, type SubscriptionSpec } from './subscription-spec';

/** Subscriptions. */
export const subscription: ObjectKind<SubscriptionSpec, ObservedSubscription> = {
  kind: 'subscription',
  read: readSubscription,
  name: (spec) => spec.name,
  secrets: (spec) => [spec.publisher.secret],
  observe: observeSubscription,
  observed: (row) => row as unknown as ObservedSubscription | undefined,
  copies: ({ copyData, selection }) => (copyData ? selection : undefined),
  plan(spec, observed, context) {
    if (spec.publications.length === 0) {
      throw new PontoonError(
        'INVALID',
        `'publications' of subscription ${quoteIdentifier(spec.name)} must name at least one, got none; name it`,
      );
    }
    if (spec.originNone) {
      requireCapability(context.server.major, 'subscription-origin', {
        what: 'originNone',
        wayOut: 'remove it',
      });
    }
    const secret = secretOf(spec, context);
    return observed === undefined
      ? createSubscription(spec, secret)
      : alterSubscription(spec, observed, secret, context);
  },
  drop(spec, observed) {
    const name = quoteIdentifier(spec.name);
    // The slot is dropped as an object of its own, so that this works when the publisher is gone.
    return [
      ...(observed.enabled
        ? [step(`disable subscription ${name}`, sql(`ALTER SUBSCRIPTION ${name} DISABLE`))]
        : []),
      ...(observed.slotName === null
        ? []
        : [
            step(
              `part subscription ${name} from its slot`,
              sql(`ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`),
            ),
          ]),
      stepAlone(`drop subscription ${name}`, sql(`DROP SUBSCRIPTION ${name}`)),
    ];
  },
};

function secretOf(
  spec: SubscriptionSpec,
  { secrets }: PlanContext<SubscriptionSpec>,
): ResolvedSecret {
  const secret = secrets[spec.publisher.secret];
  if (secret !== undefined) return secret;
  throw new PontoonError(
    'NO_SECRET',
    `secret of subscription ${quoteIdentifier(spec.name)} must be given, got nothing; check its reference`,
  );
}
