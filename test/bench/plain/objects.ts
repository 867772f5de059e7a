import { CustomResource, Duration } from 'aws-cdk-lib';
import type { Function as RunnerFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct, IDependable } from 'constructs';

/** A server as custom resources are told of it, and what they wait for. */
export interface PlainServer {
  readonly server: string;
  readonly host: string;
  readonly login: ISecret;
  readonly certificate: string;
  readonly needs: readonly IDependable[];
}

/** Makes custom resources of one function. */
export class Objects {
  constructor(
    private readonly scope: Construct,
    private readonly runner: RunnerFunction,
    private readonly always: readonly IDependable[],
  ) {}

  public add(
    id: string,
    kind: string,
    servers: readonly [PlainServer, ...PlainServer[]],
    properties: Record<string, unknown>,
    ...needs: IDependable[]
  ): CustomResource {
    const [server, primary] = servers;
    const resource = new CustomResource(this.scope, id, {
      serviceToken: this.runner.functionArn,
      resourceType: `Custom::Pontoon${kind}`,
      serviceTimeout: Duration.minutes(16),
      properties: {
        server: server.server,
        connection: connectionTo(server),
        ...(primary === undefined ? {} : { primary: connectionTo(primary) }),
        ...properties,
      },
    });
    resource.node.addDependency(
      this.runner,
      ...this.always,
      ...servers.flatMap((one) => one.needs),
      ...needs,
    );
    return resource;
  }
}

export function connectionTo({ server, host, login, certificate }: PlainServer): object {
  return {
    server,
    host,
    port: 5432,
    database: 'shop',
    secret: login.secretArn,
    sslMode: 'verify-full',
    caCertificate: certificate,
  };
}
