import { PontoonError } from '../postgres';
import type { Ledger } from './ledger';
import { messageOf } from './message-of';
import type { Outcome } from './reconcile-request';

type Answer = Outcome | { readonly failed: string };

/**
 * Does `work` unless the ledger has the answer to the request, which a second delivery gets again, also if it was a
 * failure. A request without an id is always new.
 *
 * @throws PontoonError with code FAILED_BEFORE, which says what failed then.
 */
export async function answerOnce(
  ledger: Ledger,
  requestId: string | undefined,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  if (requestId === undefined) return await work();
  const answer = (await ledger.answer(requestId)) as Answer | undefined;
  if (answer !== undefined && 'failed' in answer)
    throw new PontoonError('FAILED_BEFORE', answer.failed);
  return answer ?? (await remembering(ledger, requestId, work));
}

async function remembering(
  ledger: Ledger,
  requestId: string,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    const outcome = await work();
    await ledger.remember(requestId, outcome);
    return outcome;
  } catch (error) {
    // What failed is what counts; a server that is gone remembers nothing.
    await ledger.remember(requestId, { failed: messageOf(error) }).catch(() => undefined);
    throw error;
  }
}
