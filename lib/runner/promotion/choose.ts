import {
  mostAdvanced,
  PontoonError,
  quorumOf,
  refuseBehind,
  type StandbyState,
} from '../../postgres';
import type { Members, PromotionContext } from './context';
import { standbysOf } from './look';

/** The standby to promote: the one that is named, otherwise the most advanced one. */
export function choose(context: PromotionContext, members: Members): StandbyState {
  const { input } = context;
  const standbys = standbysOf(members);
  const synchronous = quorumOf(input.topology, input.from)?.standbys ?? [];
  const candidate =
    input.to === undefined
      ? mostAdvanced(standbys, { synchronous, members: context.members })
      : standbys.find(({ server }) => server === input.to);
  if (candidate === undefined) {
    const reasons = [...context.absent].map(([name, { reason }]) => `'${name}': ${reason}`);
    throw new PontoonError(
      'NO_CANDIDATE',
      `${input.to === undefined ? 'a standby' : `'${input.to}'`} must answer to be promoted, got none: ${reasons.join('; ')}; make it reachable`,
    );
  }
  // A primary that answers sends the rest.
  if (context.absent.has(input.from)) refuseBehind(candidate, standbys);
  return candidate;
}

/** The standbys that are to follow `to`; the old primary too, once it has been rejoined. */
export function othersThan(members: Members, to: string): string[] {
  return [...members].flatMap(([server, { recovering }]) =>
    recovering && server !== to ? [server] : [],
  );
}
