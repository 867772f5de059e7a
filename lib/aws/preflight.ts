import { CustomResource, Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import {
  type AcceptedFinding,
  acceptProblems,
  plainTopology,
  type Topology,
  ValidationError,
} from '../postgres';
import type { RunnerFunction } from './runner-function';
import type { ServerBinding } from './server-binding';

/** What a deployment lives with, though preflight found it. */
export interface PreflightOptions {
  /**
   * Findings that are no obstacle: each is reported as a warning. Name a check by its id and an object as the finding
   * spells it, or all objects of a check by its id alone. A change of it has the server checked again.
   *
   * @default - none
   */
  readonly accept?: AcceptedFinding[];
  /**
   * Whether the deployment goes on if something could not be checked. A change of it has the server checked again.
   *
   * @default false
   */
  readonly acceptUnchecked?: boolean;
}

/** A check of one server before anything is made there. */
export interface PreflightProps extends PreflightOptions {
  /** The function that checks. */
  readonly runner: RunnerFunction;
  /** The server that is checked. */
  readonly server: ServerBinding;
  /** What the server is to be part of. A change of it has the server checked again. */
  readonly topology: Topology;
  /**
   * The lines that pg_hba.conf of the server must have, as `renderHba` writes them. Addresses may be known only at
   * deployment. A change of it has the server checked again.
   *
   * @default - only the syntax of pg_hba.conf is checked
   */
  readonly hba?: string;
}

/**
 * Stops the deployment unless a server is ready for its part in a topology. The reason lists everything that is
 * missing, with the SQL that mends it. Throws a ValidationError if `accept` names what is no check of the server.
 */
export class Preflight extends Construct {
  constructor(scope: Construct, id: string, props: PreflightProps) {
    super(scope, id);
    const { runner, server, topology, accept = [] } = props;
    const problems = acceptProblems(accept, topology, server.server);
    if (problems.length > 0) throw new ValidationError(`preflight '${id}'`, problems);
    const resource = new CustomResource(this, 'Resource', {
      serviceToken: runner.serviceToken,
      resourceType: 'Custom::PontoonPreflight',
      serviceTimeout: Duration.minutes(16),
      properties: {
        server: server.server,
        connection: server.toConnection(),
        topology: JSON.stringify(plainTopology(topology)),
        ...(props.hba === undefined ? {} : { hba: props.hba }),
        ...(accept.length === 0 ? {} : { accept }),
        acceptUnchecked: props.acceptUnchecked ?? false,
      },
    });
    runner.dependOn(resource, server);
  }
}
