import { Construct } from 'constructs';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/**
 * One row that the schedule of the metrics writes every minute. It keeps the WAL of an idle server moving, so that
 * slots on its standby can advance, and its age on the standby is the lag in seconds.
 */
export class Heartbeat extends Construct {
  constructor(scope: Construct, id: string, props: PostgresObjectProps) {
    super(scope, id);
    postgresObject(this, 'Heartbeat', { kind: 'heartbeat' }, props);
  }
}
