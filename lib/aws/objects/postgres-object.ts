import { CustomResource, Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ObjectSpec } from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';

/** What every object on a PostgreSQL server needs. */
export interface PostgresObjectProps {
  /** The function that makes the object. Changing it breaks what is deployed. */
  readonly runner: RunnerFunction;
  /** The server that the object belongs to. Changing its name or database replaces the object. */
  readonly server: ServerBinding;
  /**
   * Whether an object of that name that somebody else made is taken over. It is then changed as described, but never
   * dropped with the stack.
   *
   * @default false
   */
  readonly adopt?: boolean;
}

/** Where an object's ledger is, and what else its custom resource carries. */
export interface PostgresObjectOptions extends PostgresObjectProps {
  /** The primary, if `server` is a standby. */
  readonly primary?: ServerBinding;
  /** Properties beside the usual ones. */
  readonly extra?: Record<string, unknown>;
  /** Other servers that the custom resource connects to. */
  readonly alsoReaches?: readonly ServerBinding[];
}

/** The custom resource that reconciles `spec`. Its name in the template tells the kind. */
export function postgresObject(
  scope: Construct,
  type: string,
  spec: ObjectSpec,
  options: PostgresObjectOptions,
): CustomResource {
  const { runner, server, primary, extra = {}, alsoReaches = [] } = options;
  const servers = [server, ...(primary === undefined ? [] : [primary]), ...alsoReaches];
  const resource = new CustomResource(scope, 'Resource', {
    serviceToken: runner.serviceToken,
    resourceType: `Custom::Pontoon${type}`,
    // One minute more than the function may run, so that its own reason arrives first.
    serviceTimeout: Duration.minutes(16),
    properties: {
      server: server.server,
      connection: server.toConnection(),
      ...(primary === undefined ? {} : { primary: primary.toConnection() }),
      spec,
      ...(options.adopt === true ? { adopt: true } : {}),
      ...extra,
    },
  });
  runner.dependOn(resource, ...servers);
  resource.node.addDependency(runner.ledgerOn(primary ?? server));
  return resource;
}
