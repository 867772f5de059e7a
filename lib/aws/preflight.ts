import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { plainTopology, type Topology } from '../postgres';
import type { RunnerFunction } from './runner-function';
import type { ServerBinding } from './server-binding';

/** A check of one server before anything is made there. */
export interface PreflightProps {
  /** The function that checks. */
  readonly runner: RunnerFunction;
  /** The server that is checked. */
  readonly server: ServerBinding;
  /** What the server is to be part of. A change of it has the server checked again. */
  readonly topology: Topology;
  /**
   * Whether the deployment goes on if something could not be checked.
   *
   * @default false
   */
  readonly acceptUnchecked?: boolean;
}

/**
 * Stops the deployment unless a server is ready for its part in a topology. The reason lists everything that is
 * missing, with the SQL that mends it.
 */
export class Preflight extends Construct {
  constructor(scope: Construct, id: string, props: PreflightProps) {
    super(scope, id);
    const { runner, server, topology } = props;
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: runner.serviceToken,
      resourceType: 'Custom::PontoonPreflight',
      serviceTimeout: Duration.minutes(16),
      properties: {
        server: server.server,
        connection: server.toConnection(),
        topology: JSON.stringify(plainTopology(topology)),
        acceptUnchecked: props.acceptUnchecked ?? false,
      },
    });
    runner.dependOn(resource, server);
  }
}
