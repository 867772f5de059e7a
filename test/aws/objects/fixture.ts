import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  LogicalSlot,
  type LogicalSlotProps,
  NativeReplication,
  type NativeReplicationProps,
  PhysicalSlot,
  type PhysicalSlotProps,
  Publication,
  type PublicationProps,
  ReplicationRole,
  type ReplicationRoleProps,
  RunnerFunction,
  ServerBinding,
  Subscription,
  type SubscriptionProps,
} from '../../../lib/aws';
import { SlotPlugin } from '../../../lib/postgres';
import { PEM } from '../certificate';
import { newStack } from '../hybrid/fixture';
import { ResourceGraph } from '../resource-graph';

/** What is replicated. */
export const SELECTION = { schemas: ['shop'] };

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
    primary: bind('primary', 'primary.example'),
    standby: bind('standby', '10.0.128.10'),
    target: bind('target', 'target.example'),
  };
}

/** A role on the primary, with a password of its own unless one is given. */
export function role(
  { stack, runner, primary: server }: SmallStack,
  changes: Partial<ReplicationRoleProps> = {},
  id = 'Object',
): ReplicationRole {
  const passwordSecret = changes.passwordSecret ?? new Secret(stack, 'Password');
  const props = { runner, server, roleName: 'reader', passwordSecret, ...changes };
  return new ReplicationRole(stack, id, props);
}

/** A publication on the primary. */
export function publication(
  { stack, runner, primary: server }: SmallStack,
  changes: Partial<PublicationProps> = {},
  id = 'Object',
): Publication {
  const props = { runner, server, publicationName: 'shop', selection: SELECTION, ...changes };
  return new Publication(stack, id, props);
}

/** A physical slot on the primary. */
export function physicalSlot(
  { stack, runner, primary: server }: SmallStack,
  changes: Partial<PhysicalSlotProps> = {},
  id = 'Object',
): PhysicalSlot {
  return new PhysicalSlot(stack, id, { runner, server, slotName: 'one', ...changes });
}

/** A logical slot on the primary. */
export function logicalSlot(
  { stack, runner, primary: server }: SmallStack,
  changes: Partial<LogicalSlotProps> = {},
): LogicalSlot {
  const props = { runner, server, slotName: 'shop', plugin: SlotPlugin.PGOUTPUT, ...changes };
  return new LogicalSlot(stack, 'Object', props);
}

/** A logical slot on the standby. */
export function standbySlot(
  small: SmallStack,
  changes: Partial<LogicalSlotProps> = {},
): LogicalSlot {
  return logicalSlot(small, { server: small.standby, primary: small.primary, ...changes });
}

/** A subscription of the target to the primary. */
export function subscription(
  { stack, runner, primary, target: server }: SmallStack,
  changes: Partial<SubscriptionProps> = {},
): Subscription {
  return new Subscription(stack, 'Object', {
    runner,
    server,
    subscriptionName: 'shop',
    publisher: primary,
    publisherSecret: new Secret(stack, 'Password'),
    publicationNames: ['shop'],
    slotName: 'shop_slot',
    selection: SELECTION,
    ...changes,
  });
}

/** Native replication from the primary to the target. */
export function nativeReplication(
  { stack, runner, primary, target }: SmallStack,
  changes: Partial<NativeReplicationProps> = {},
): NativeReplication {
  return new NativeReplication(stack, 'Object', {
    runner,
    publisher: primary,
    subscriber: target,
    subscriptionSecret: new Secret(stack, 'Password'),
    selection: SELECTION,
    ...changes,
  });
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
