import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { HybridMigrationStack } from '../../examples/hybrid-migration';
import { SOURCE_CA } from '../../examples/hybrid-migration/source-ca';
import { HybridMigrationNativeStack } from '../../examples/hybrid-migration-native';
import { HybridMigration, ReplicationMethod, SourceRoute } from '../../lib/aws';
import { WalLevel } from '../../lib/postgres';
import { type RecordedMigration, readMigration } from '../../lib/rehearsal';
import {
  Evaluator,
  isRecord,
  type PlainRecord,
  readCloudAssembly,
  recordOf,
  stackIdentity,
} from '../../lib/rehearsal/assembly';
import { readHostFiles } from '../../lib/rehearsal/cloud/host-files';

/** The name of the source in the examples, and an address in its networks. */
export const SOURCE = { name: 'db.corp.example', address: '192.0.2.10' } as const;

/** A migration as it was synthesized. */
export interface Synthesized {
  readonly migration: RecordedMigration;
  /** Lines of pg_hba.conf that the standby's host writes. */
  readonly standbyHba: readonly string[];
  /** The fixed address of the standby's network interface. */
  readonly standbyAddress: string;
  /** The networks of the subnets that a part of the migration was put into. */
  readonly networks: {
    readonly runner: readonly string[];
    readonly dms: readonly string[];
    readonly target: readonly string[];
    readonly all: readonly string[];
  };
  /** The evaluated properties of each resource of a type, by logical id. */
  readonly resources: (type: string) => Readonly<Record<string, PlainRecord>>;
}

/** The example with AWS DMS. */
export function byDms(app: App): Stack {
  return new HybridMigrationStack(app, 'Dms');
}

/** The example with a native subscription. */
export function natively(app: App): Stack {
  return new HybridMigrationNativeStack(app, 'Native');
}

/** A target in subnets of its own, and a source that sees the standby under another address. */
export function translated(app: App): Stack {
  const stack = new Stack(app, 'Translated');
  new HybridMigration(stack, 'Migration', {
    vpc: new Vpc(stack, 'Vpc', {
      maxAzs: 2,
      natGateways: 1,
      subnetConfiguration: [
        { name: 'Public', subnetType: SubnetType.PUBLIC, cidrMask: 24 },
        { name: 'Private', subnetType: SubnetType.PRIVATE_WITH_EGRESS, cidrMask: 24 },
        { name: 'Data', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 },
      ],
    }),
    source: {
      host: SOURCE.name,
      majorVersion: 17,
      databaseName: 'replication', // as pg_hba.conf calls replication connections
      walLevel: WalLevel.LOGICAL,
      cidrs: ['192.0.2.0/24'],
      route: SourceRoute.existing(),
      secret: Secret.fromSecretNameV2(stack, 'SourceLogin', 'shop'),
      username: 'all', // as pg_hba.conf calls every role
      caCertificate: SOURCE_CA,
    },
    standby: {
      privateIpAddress: '10.0.2.10',
      addressSeenBySource: '198.51.100.7',
      dataVolumeGiB: 500,
    },
    target: { majorVersion: 17 },
    replication: { method: ReplicationMethod.NATIVE, selection: { schemas: ['shop'] } },
  });
  return stack;
}

/** Synthesizes the stack that `make` makes, and reads what it tells servers and firewalls. */
export function synthesize(make: (app: App) => Stack): Synthesized {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-network-'));
  try {
    const app = new App({ outdir: directory, analyticsReporting: false });
    const { stackName } = make(app);
    app.synth();
    return read(readMigration(readCloudAssembly(directory), stackName));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function read(migration: RecordedMigration): Synthesized {
  const resources = resourcesOf(migration);
  const only = (type: string): PlainRecord => {
    const [found, ...others] = Object.values(resources(type));
    if (found === undefined || others.length > 0)
      throw new Error(`not one ${type} in the template`);
    return found;
  };
  const cidrs = (ids: unknown): string[] => texts(ids).map((id) => cidrOf(resources, id));
  const text = recordOf(only('AWS::EC2::LaunchTemplate').LaunchTemplateData).UserData;
  const dms = Object.values(resources('AWS::DMS::ReplicationSubnetGroup'));
  const [runner] = Object.values(resources('AWS::Lambda::Function')).flatMap(({ VpcConfig }) =>
    isRecord(VpcConfig) ? [VpcConfig.SubnetIds] : [],
  );
  return {
    migration,
    standbyHba: readHostFiles(Buffer.from(String(text), 'base64').toString('utf8')).hba,
    standbyAddress: String(only('AWS::EC2::NetworkInterface').PrivateIpAddress),
    networks: {
      runner: cidrs(runner),
      dms: dms.flatMap(({ SubnetIds }) => cidrs(SubnetIds)),
      target: cidrs(only('AWS::RDS::DBSubnetGroup').SubnetIds),
      all: Object.values(resources('AWS::EC2::Subnet')).map(({ CidrBlock }) => String(CidrBlock)),
    },
    resources,
  };
}

/** References become `Name`, attributes `Name.Attribute`. */
function resourcesOf({ stack }: RecordedMigration): Synthesized['resources'] {
  const { template } = stack;
  const nothing = (): undefined => undefined;
  const evaluator = new Evaluator({
    identity: stackIdentity(stack.stackName, '111122223333', 'eu-central-1'),
    template,
    parameters: new Map(),
    ssmParameters: new Map(),
    reference: (id) => id,
    attribute: (id, attribute) => `${id}.${attribute}`,
    importValue: nothing,
    stackOutput: nothing,
    availabilityZones: (region) => [`${region}a`, `${region}b`],
    dynamicReference: nothing,
  });
  return (type) =>
    Object.fromEntries(
      [...template.resources.values()]
        .filter((resource) => resource.type === type)
        .map(({ logicalId, properties }) => [
          logicalId,
          recordOf(evaluator.evaluate(withoutImage(properties), logicalId)),
        ]),
    );
}

// The image's number is a parameter of SSM's, which no test asks for.
function withoutImage(properties: PlainRecord): PlainRecord {
  const data = properties.LaunchTemplateData;
  if (!isRecord(data)) return properties;
  return { LaunchTemplateData: { UserData: data.UserData } };
}

function cidrOf(resources: Synthesized['resources'], subnetId: string): string {
  return String(resources('AWS::EC2::Subnet')[subnetId]?.CidrBlock);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
