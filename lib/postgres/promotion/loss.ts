import { type Lsn, lsnDistance } from '../lsn';
import type { SynchronousStandbys } from '../topology';

/** What a promotion may have lost. */
export type PromotionLoss =
  /** Everything that the old primary had was on the new one before it was promoted. */
  | { readonly kind: 'nothing' }
  /** A quorum had every commit that waited for it, and the new primary has all that the quorum had. */
  | { readonly kind: 'nothing-acknowledged' }
  /** It was said when the new primary was promoted, which was before, where the log reached `after`. */
  | { readonly kind: 'said-before'; readonly after: Lsn }
  /** What the old primary wrote behind `after`, acknowledged or not. */
  | {
      readonly kind: 'everything-after';
      readonly after: Lsn;
      /** How many bytes of log that is, as far as the old primary was last seen; undefined if nobody saw it. */
      readonly bytes: string | undefined;
    };

/**
 * Whether those who answer are enough to have every acknowledged commit among them: any quorum of the list shares one
 * server with them.
 */
export function holdsAcknowledged(
  { quorum, standbys }: SynchronousStandbys,
  answering: readonly string[],
): boolean {
  const present = standbys.filter((name) => answering.includes(name)).length;
  return present >= standbys.length - quorum + 1;
}

/** What is lost with a primary whose log is known to have reached `lastKnown`, if `after` is what is left. */
export function lossAfter(after: Lsn, lastKnown: Lsn | undefined): PromotionLoss {
  if (lastKnown === undefined) return { kind: 'everything-after', after, bytes: undefined };
  const distance = lsnDistance(after, lastKnown);
  return { kind: 'everything-after', after, bytes: String(distance < 0n ? 0n : distance) };
}

/** `loss` of the primary `from` as a sentence. */
export function describeLoss(loss: PromotionLoss, from: string): string {
  switch (loss.kind) {
    case 'nothing':
      return 'nothing is lost: the new primary has the whole log of the old one';
    case 'nothing-acknowledged':
      return 'no acknowledged commit is lost: a quorum of the standbys had each of them, but for those of sessions whose synchronous_commit was off or local, or that were cancelled as they waited';
    case 'said-before':
      return `it was promoted before, at ${loss.after}; what '${from}' wrote after that is not there`;
    case 'everything-after': {
      const known =
        loss.bytes === undefined
          ? 'how much that is nobody knows until it is back'
          : `${loss.bytes} bytes of log as far as it was seen`;
      return `what '${from}' wrote after ${loss.after} is lost, acknowledged or not: ${known}`;
    }
  }
}
