import type { IConnectable } from 'aws-cdk-lib/aws-ec2';
import type { RunnerFunction } from '../runner-function';
import type { SchemaCopy } from '../schema-copy';
import type { ServerBinding } from '../server-binding';
import type { IntermediaryStandby } from '../standby';

/** What replication to the target is made of. */
export interface Bridgehead {
  /** The function that makes objects. */
  readonly runner: RunnerFunction;
  /** The server that is decoded. */
  readonly standby: ServerBinding;
  /** Its network rules. */
  readonly standbyHost: IntermediaryStandby;
  /** Its primary; undefined once the standby was promoted. */
  readonly primary: ServerBinding | undefined;
  /** The server that is written to. */
  readonly target: ServerBinding;
  /** Its network rules. */
  readonly targetHost: IConnectable;
  /** What puts the schema there, which must be there before the rows. */
  readonly schema: SchemaCopy;
}
