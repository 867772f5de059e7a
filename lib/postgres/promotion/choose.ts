import { PontoonError } from '../errors';
import { type Lsn, lsnDistance, parseLsn } from '../lsn';

/** A standby that answers. */
export interface StandbyState {
  readonly server: string;
  /** The newest timeline of which it has log. */
  readonly timeline: number;
  /** Where the log ends that it has on disk. */
  readonly position: Lsn;
}

/** What makes one of two equally advanced standbys the better one. */
export interface Preference {
  /** Those that the old primary waited for, who are first among equals. */
  readonly synchronous: readonly string[];
  /** The servers of the cluster, in order. */
  readonly members: readonly string[];
}

/** The most advanced of `standbys`; a synchronous one first among equals, then as the topology lists them. */
export function mostAdvanced(
  standbys: readonly StandbyState[],
  { synchronous, members }: Preference,
): StandbyState | undefined {
  const rank = ({ server }: StandbyState): number =>
    (synchronous.includes(server) ? 0 : members.length) + members.indexOf(server);
  return standbys.toSorted((one, other) => compareLogs(other, one) || rank(one) - rank(other))[0];
}

/**
 * Refuses to promote `candidate` while another standby has more of the log, which would be lost.
 *
 * @throws PontoonError with code BEHIND.
 */
export function refuseBehind(candidate: StandbyState, standbys: readonly StandbyState[]): void {
  const [ahead] = standbys
    .filter((standby) => compareLogs(standby, candidate) > 0)
    .toSorted((one, other) => compareLogs(other, one));
  if (ahead === undefined) return;
  const by =
    ahead.timeline === candidate.timeline
      ? `${lsnDistance(candidate.position, ahead.position)} bytes behind '${ahead.server}' (${candidate.position}, ${ahead.position})`
      : `on timeline ${candidate.timeline}, and '${ahead.server}' on ${ahead.timeline}`;
  throw new PontoonError(
    'BEHIND',
    `'to' must be the most advanced standby, got '${candidate.server}', which is ${by}; promote '${ahead.server}', or leave 'to' out`,
  );
}

/** Which of two has more of the log: negative if it is `other`. Logs of an older timeline end where the next one began. */
function compareLogs(one: StandbyState, other: StandbyState): number {
  if (one.timeline !== other.timeline) return one.timeline - other.timeline;
  const [here, there] = [parseLsn(one.position), parseLsn(other.position)];
  return here === there ? 0 : here < there ? -1 : 1;
}
