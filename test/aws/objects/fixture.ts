import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { RunnerFunction, ServerBinding } from '../../../lib/aws';
import { newStack, PEM } from '../hybrid/fixture';
import { ResourceGraph } from '../resource-graph';

/** A stack with the function, a primary, its standby and a server that is written to. */
export interface SmallStack {
  readonly stack: Stack;
  readonly vpc: Vpc;
  readonly runner: RunnerFunction;
  readonly primary: ServerBinding;
  readonly standby: ServerBinding;
  readonly target: ServerBinding;
}

export function smallStack(): SmallStack {
  const { stack, vpc } = newStack();
  const bind = (server: string, host: string): ServerBinding =>
    new ServerBinding({
      server,
      host,
      database: 'shop',
      secret: new Secret(stack, `${server}Login`),
      caCertificate: PEM,
    });
  return {
    stack,
    vpc,
    runner: new RunnerFunction(stack, 'Runner', { vpc }),
    primary: bind('primary', '192.0.2.10'),
    standby: bind('standby', '10.0.128.10'),
    target: bind('target', 'target.example'),
  };
}

/** The one custom resource of `kind` as CloudFormation gets it, and all that it waits for. */
export function sent(
  { stack }: SmallStack,
  kind: string,
): { readonly properties: Record<string, unknown>; readonly needs: readonly string[] } {
  const graph = new ResourceGraph(Template.fromStack(stack).toJSON());
  const id = graph.only(`Custom::Pontoon${kind}`);
  return {
    properties: graph.resources[id]?.Properties ?? {},
    needs: [...graph.needs(id)],
  };
}

/** The connection to a server of the small stack, as it is sent. */
export function connection(server: string, host: string): Record<string, unknown> {
  return {
    server,
    host,
    port: 5432,
    database: 'shop',
    secret: { Ref: expect.stringContaining(`${server}Login`) },
    sslMode: 'verify-full',
    caCertificate: PEM,
  };
}

/** What makes nothing of `make` but an error: its message. */
export function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was refused';
}
