import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { type IVpc, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DmsLogin, DmsReplication, type DmsReplicationProps } from '../../../lib/aws/dms';
import { RunnerFunction } from '../../../lib/aws/runner-function';
import { ServerBinding } from '../../../lib/aws/server-binding';
import { PEM } from '../certificate';

/** A stack with all that a DMS replication needs. */
export interface Fixture {
  readonly app: App;
  readonly stack: Stack;
  readonly props: DmsReplicationProps;
}

export function fixture(
  stackProps: StackProps = {},
  app = new App({ analyticsReporting: false }),
  id = 'Test',
): Fixture {
  const stack = new Stack(app, id, stackProps);
  const vpc: IVpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const admin = new Secret(stack, 'Admin');
  const runner = new RunnerFunction(stack, 'Runner', { vpc });
  const source = new ServerBinding({
    server: 'standby',
    host: '10.0.0.10',
    database: 'app',
    secret: admin,
    caCertificate: PEM,
  });
  const target = new ServerBinding({
    server: 'aurora',
    host: 'cluster.example.com',
    database: 'app',
    secret: admin,
    caCertificate: 'aws-rds',
  });
  const reader = new DmsLogin(stack, 'Reader', { server: source, username: 'dms_reader' });
  const writer = new DmsLogin(stack, 'Writer', { server: target, username: 'dms_writer' });
  const props: DmsReplicationProps = {
    runner,
    vpc,
    source,
    sourceSecret: reader.secret,
    target,
    targetSecret: writer.secret,
    selection: { schemas: ['public'] },
    sourceIsStandby: true,
    slotName: 'pontoon_aurora',
  };
  return { app, stack, props };
}

/** Makes the replication, with other props where they are given. */
export function replicate(
  { stack, props }: Fixture,
  given: Partial<DmsReplicationProps> = {},
): DmsReplication {
  return new DmsReplication(stack, 'Replication', { ...props, ...given });
}
