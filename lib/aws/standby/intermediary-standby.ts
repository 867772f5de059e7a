import {
  Aws,
  CfnWaitCondition,
  CfnWaitConditionHandle,
  Duration,
  Fn,
  RemovalPolicy,
  Size,
  Tags,
  Token,
} from 'aws-cdk-lib';
import type { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import {
  CfnNetworkInterface,
  Connections,
  EbsDeviceVolumeType,
  type IConnectable,
  type IVolume,
  Peer,
  Port,
  SecurityGroup,
  Volume,
} from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct, DependencyGroup, type IDependable } from 'constructs';
import { SslMode } from '../server-binding';
import { generationOf } from './generation';
import { makeGroup } from './instance';
import { operatingSystemOf } from './machine';
import { type IntermediaryStandbyProps, SignalWhen } from './props';
import { SourceRoute } from './source-route';
import { renderUserData } from './user-data';
import { validateStandby } from './validate';

/** The port on which the standby listens. */
const STANDBY_PORT = 5432;

/** Time in which the standby says why it gave up, before CloudFormation does. */
const LAST_WORDS = Duration.minutes(5);

/** The tag of the instance, by which SSM finds it and its own policy recognizes it. */
export interface StandbyTarget {
  /** The key of an SSM target: `tag:pontoon:standby`. */
  readonly key: string;
  /** The value, unique to this standby. */
  readonly value: string;
}

/**
 * A physical standby on EC2 between a primary outside of the cloud and what reads its changes.
 *
 * It is an auto-scaling group of one instance. The data volume and the network interface with the
 * fixed address are resources of their own: when the instance is replaced, the new one waits until
 * the old one is gone, takes both, and resumes without copying again. The volume is retained when the
 * stack is deleted. Tag it for your snapshot policy; a snapshot of it is a crash-consistent copy.
 *
 * - Its logical slots lie on the volume. They survive only with `hot_standby_feedback = on` and the
 *   physical slot on the primary, which the boot script always uses.
 * - A slot that nobody reads fills a disk, the primary's or the standby's. Watch both, set
 *   `max_slot_wal_keep_size` deliberately, and drop the primary's slot when the standby is gone.
 * - It is a physical copy: with other collation libraries than the primary's, indexes on text can be
 *   corrupt. The boot script compares and warns in the reason of its signal. Logical decoding and
 *   `SELECT` without such an index are not affected.
 * - Whoever is superuser on the primary is it here too, and can run programs on the instance, which may
 *   read the replication role's secret.
 * - Tablespaces of the primary are not supported: their directories do not exist here.
 * - After a rotation of the replication role's password, `systemctl restart pontoon-boot` fetches it.
 * - Its image is the newest one at each deployment unless `operatingSystem` pins it, so that any deployment may replace
 *   the instance.
 *
 * @throws ValidationError with everything about the props that cannot work
 * @see https://www.postgresql.org/docs/current/warm-standby.html
 */
export class IntermediaryStandby extends Construct implements IConnectable {
  /** Who may connect to the standby, and where it may connect to. */
  public readonly connections: Connections;
  /** Where programs on the instance may connect to, other than to the primary: they leave by an interface of its own. */
  public readonly hostConnections: Connections;
  /** The fixed address. */
  public readonly address: string;
  /** The port. */
  public readonly port = STANDBY_PORT;
  /** The address under which the primary sees the standby: for its pg_hba and its firewall. */
  public readonly addressSeenBySource: string;
  /** The standby's self-signed certificate in PEM, which holds the fixed address. Known when it is ready. */
  public readonly caCertificate: string;
  /** The data volume. */
  public readonly volume: IVolume;
  /** What everything that connects to the standby waits for. */
  public readonly ready: IDependable;
  /** The instance, as SSM's SendCommand takes it. */
  public readonly ssmTarget: StandbyTarget;
  /** What the instance may do in AWS. */
  public readonly role: IRole;
  private readonly group: AutoScalingGroup;

  constructor(scope: Construct, id: string, props: IntermediaryStandbyProps) {
    super(scope, id);
    validateStandby(props);

    const volume = makeVolume(this, props);
    const securityGroup = makeSecurityGroup(this, props);
    const networkInterface = new CfnNetworkInterface(this, 'Interface', {
      subnetId: props.subnet.subnetId,
      groupSet: [securityGroup.securityGroupId],
      privateIpAddress: props.privateIpAddress,
      description: 'The fixed address of the PostgreSQL standby',
    });
    const { primary } = props;
    const routes = (primary.route ?? SourceRoute.existing()).addTo(
      this,
      props.subnet,
      primary.cidrs,
    );
    this.volume = volume;
    this.address = networkInterface.attrPrimaryPrivateIpAddress;
    this.addressSeenBySource = props.addressSeenBySource ?? this.address;
    this.connections = new Connections({
      securityGroups: [securityGroup],
      defaultPort: Port.tcp(STANDBY_PORT),
    });
    this.ssmTarget = { key: 'tag:pontoon:standby', value: volume.volumeId };

    const userData = (signalUrl: string) =>
      this.userData(props, networkInterface.attrId, signalUrl);
    const generation = generationOf(this, props, userData(''));
    const handle = new CfnWaitConditionHandle(this, `Signal${generation}`);
    const text = userData(handle.ref);
    this.node.addValidation({ validate: () => sizeProblems(text) });
    const group = makeGroup(this, {
      props,
      volume,
      networkInterfaceId: networkInterface.attrId,
      tagValue: this.ssmTarget.value,
      userData: text,
    });
    this.group = group;
    this.role = group.role;
    this.hostConnections = group.connections;
    // Created before the instance and deleted after it, which needs them to the end.
    group.node.addDependency(volume, networkInterface, securityGroup, ...routes);

    const condition = new CfnWaitCondition(this, `Streaming${generation}`, {
      handle: handle.ref,
      count: 1,
      timeout: String(timeoutOf(props).toSeconds()),
    });
    condition.node.addDependency(group);
    this.caCertificate = certificateIn(condition);
    const ready = new DependencyGroup();
    ready.add(condition, group);
    this.ready = ready;
  }

  /** Has the instance boot only once `dependencies` are there, and end before they are deleted. */
  public bootAfter(...dependencies: IDependable[]): void {
    this.group.node.addDependency(...dependencies);
  }

  private userData(
    props: IntermediaryStandbyProps,
    interfaceId: string,
    signalUrl: string,
  ): string {
    const { primary } = props;
    const { family, packageSource } = operatingSystemOf(props);
    const deadline = timeoutOf(props).toSeconds() - LAST_WORDS.toSeconds();
    return renderUserData({
      family,
      parameters: {
        REGION: Aws.REGION,
        MAJOR: String(props.majorVersion),
        PACKAGES: packageSource,
        VOLUME_ID: this.volume.volumeId,
        INTERFACE_ID: interfaceId,
        ADDRESS: this.address,
        SOURCE_CIDRS: primary.cidrs.join(' '),
        PRIMARY_HOST: primary.host,
        PRIMARY_PORT: String(primary.port ?? 5432),
        PRIMARY_SSLMODE: primary.sslMode ?? SslMode.VERIFY_FULL,
        SECRET_ARN: primary.secret.secretArn,
        SLOT: primary.slotName,
        LOCAL_ROLE: props.superuser ?? 'postgres',
        MAX_RATE: props.copyMaxRateMiB === undefined ? '' : `${props.copyMaxRateMiB}M`,
        SIGNAL_URL: signalUrl,
        SIGNAL_WHEN: props.signalWhen ?? SignalWhen.STREAMING,
        TIMEOUT_SECONDS: String(deadline),
      },
      settings: props.conf,
      hba: props.hba,
      primaryCa: primary.caCertificate,
    });
  }
}

function timeoutOf(props: IntermediaryStandbyProps): Duration {
  return props.timeout ?? Duration.hours(12);
}

function makeVolume(scope: Construct, props: IntermediaryStandbyProps): Volume {
  const volume = new Volume(scope, 'Data', {
    availabilityZone: props.subnet.availabilityZone,
    size: Size.gibibytes(props.dataVolumeGiB),
    volumeType: EbsDeviceVolumeType.GP3,
    iops: props.dataVolumeIops ?? 3000,
    throughput: props.dataVolumeThroughput ?? 125,
    encrypted: true,
    encryptionKey: props.encryptionKey,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  Tags.of(volume).add('Name', `${scope.node.path} data`);
  return volume;
}

/** The rules of the fixed interface: the primary's networks and the consumers, nobody else. */
function makeSecurityGroup(scope: Construct, props: IntermediaryStandbyProps): SecurityGroup {
  const group = new SecurityGroup(scope, 'SecurityGroup', {
    vpc: props.vpc,
    description: 'The PostgreSQL standby: to the primary, from the consumers',
    allowAllOutbound: false,
  });
  for (const cidr of props.primary.cidrs) {
    const port = Port.tcp(props.primary.port ?? 5432);
    group.addEgressRule(Peer.ipv4(cidr), port, 'Replication from the primary');
  }
  for (const consumer of props.consumers ?? []) {
    group.addIngressRule(consumer, Port.tcp(STANDBY_PORT), 'A consumer of the standby');
  }
  return group;
}

/**
 * The signal's data is the JSON `{"standby":"<PEM, with | for line ends>"}`. It is taken apart at the dashes: a quote
 * inside of an expression would be escaped where the expression stands in a JSON text, such as a schedule's input.
 */
function certificateIn(condition: CfnWaitCondition): string {
  const body = Fn.select(2, Fn.split('-----', Token.asString(condition.attrData)));
  return `-----BEGIN CERTIFICATE-----${Fn.join('\n', Fn.split('|', body))}-----END CERTIFICATE-----\n`;
}

/** What EC2 takes, and what is kept free for the values that are known only at deployment. */
const USER_DATA_BYTES = 16_384;
const RESERVE = 900;

function sizeProblems(text: string): string[] {
  const bytes = Buffer.byteLength(text);
  if (bytes + RESERVE <= USER_DATA_BYTES) return [];
  return [
    `the user data must be at most ${USER_DATA_BYTES - RESERVE} bytes before deployment, got ${bytes}; shorten 'conf' or 'hba', or give only the root in 'primary.caCertificate'`,
  ];
}
