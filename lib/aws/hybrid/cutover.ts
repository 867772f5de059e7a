import type { Construct } from 'constructs';
import { namesOf, type Topology } from '../../postgres';
import { CutoverStateMachine, type CutoverWay } from '../cutover';
import { DmsReplication } from '../dms';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import { SERVERS } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import type { Replicated } from './replicate';

/** What a cutover works with. */
export interface CutoverParts {
  /** The function that walks. */
  readonly runner: RunnerFunction;
  /** The chain as it is deployed. */
  readonly topology: Topology;
  /** Its servers. */
  readonly bindings: readonly ServerBinding[];
  /** What replicates. */
  readonly replicated: Replicated;
}

/** Makes the state machine that switches writers, if one was asked for. */
export function createCutover(
  scope: Construct,
  props: HybridMigrationProps,
  { runner, topology, bindings, replicated }: CutoverParts,
): CutoverStateMachine | undefined {
  const { cutover, monitoring: { writeRateMiBPerSecond, maxLag } = {} } = props;
  if (cutover === undefined) return undefined;
  const { wayBack, noRollback: _declared, keepRoles = {}, ...options } = cutover;
  const { reverse, roles } = replicated;
  const servers = new Set([...Object.keys(keepRoles), ...Object.keys(roles)]);
  return new CutoverStateMachine(scope, 'Cutover', {
    ...options,
    ...(writeRateMiBPerSecond === undefined ? {} : { writeRateMiBPerSecond }),
    ...(maxLag === undefined ? {} : { maxLag }),
    runner,
    topology,
    bindings: [...bindings],
    migrationName: namesOf(props).replication,
    newWriter: SERVERS.target,
    forward: forwardOf(props, replicated),
    keepRoles: Object.fromEntries(
      [...servers].map((server) => [
        server,
        [...(roles[server] ?? []), ...(keepRoles[server] ?? [])],
      ]),
    ),
    ...(wayBack === undefined || reverse === undefined
      ? {}
      : {
          wayBack: { ...wayBack, replicationName: reverse.role.roleName, secret: reverse.login },
        }),
  });
}

function forwardOf(props: HybridMigrationProps, { replication }: Replicated): CutoverWay {
  const { replication: replicationName, writerRole } = namesOf(props);
  if (!(replication instanceof DmsReplication)) return { replicationName };
  const { transformations } = props.replication.dms ?? {};
  return {
    writerRole,
    replicationArn: replication.replicationArn,
    ...(transformations === undefined ? {} : { transformations }),
  };
}
