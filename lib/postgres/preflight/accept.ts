import type { Topology } from '../topology';
import type { AcceptedFinding } from './check';
import { preflightChecks } from './checks';

/** Says which of `accept` name no check of `server`: a slip of the pen would accept nothing, and nobody would know. */
export function acceptProblems(
  accept: readonly AcceptedFinding[],
  topology: Topology,
  server: string,
): readonly string[] {
  const known = preflightChecks(topology, server).map(({ id }) => id);
  return accept.flatMap(({ check }, index) =>
    known.includes(check)
      ? []
      : [
          `'accept[${index}].check' must be a check of '${server}', got ${JSON.stringify(check)}; choose one of ${known.join(', ')}`,
        ],
  );
}
