import { Construct } from 'constructs';
import { PontoonError } from '../../postgres';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** A heartbeat, and the server that it is written on. */
export interface HeartbeatProps extends PostgresObjectProps {
  /**
   * The table that holds it, in the schema `pontoon`. Two migrations of one database need two. Changing it replaces the
   * table.
   *
   * @default 'heartbeat'
   */
  readonly heartbeatName?: string;
}

/**
 * One row that the schedule of the metrics writes every minute. It keeps the WAL of an idle server moving, so that
 * slots on its standby can advance, and its age on the standby is the lag in seconds.
 */
export class Heartbeat extends Construct {
  constructor(scope: Construct, id: string, props: HeartbeatProps) {
    super(scope, id);
    const { heartbeatName: name } = props;
    const problem = name === undefined ? undefined : knownNameProblem(name, 'heartbeatName');
    if (problem !== undefined) throw new PontoonError('INVALID', problem);
    const spec = { kind: 'heartbeat' as const, ...(name === undefined ? {} : { name }) };
    postgresObject(this, 'Heartbeat', spec, props);
  }
}
