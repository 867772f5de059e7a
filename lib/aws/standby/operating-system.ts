import { type AmazonLinuxCpuType, type IMachineImage, MachineImage } from 'aws-cdk-lib/aws-ec2';
import { ValidationError } from '../../postgres';
import type { PackageFamily } from './user-data';

/** Where the standby's PostgreSQL packages come from. */
export enum PackageSource {
  /** The PostgreSQL project's own signed repositories: every supported major. */
  PGDG = 'pgdg',
  /** The distribution's repositories: only the majors that it has. */
  DISTRIBUTION = 'distribution',
}

/** What differs from image to image. */
export interface OperatingSystemOptions {
  /**
   * Where PostgreSQL comes from. Use `DISTRIBUTION` where the PostgreSQL project's repositories are
   * mirrored under the distribution's configuration, or are out of reach.
   *
   * @default PackageSource.PGDG
   */
  readonly packageSource?: PackageSource;
  /**
   * The image's root device, so that it can be encrypted: the password of the replication role lies
   * on it.
   *
   * @default - `/dev/xvda` on Debian, `/dev/sda1` on Red Hat's family and Ubuntu
   */
  readonly rootDeviceName?: string;
}

/** Which image of Amazon Linux is taken. */
export interface AmazonLinuxOptions {
  /**
   * The image, such as `MachineImage.genericLinux({ 'eu-central-1': 'ami-…' })`. Changing it replaces the instance; the
   * data stays.
   *
   * @default - the newest one
   */
  readonly image?: IMachineImage;
  /**
   * Whether the newest image is looked up once, by the CDK toolkit, and remembered in cdk.context.json, so that it stays
   * the same until `cdk context --reset`. The stack must name its account and region. Without it, every deployment takes
   * the newest image there is, and replaces the instance when Amazon has published another one.
   *
   * @default false
   * @see https://docs.aws.amazon.com/cdk/v2/guide/context.html
   */
  readonly cachedInContext?: boolean;
}

/**
 * The operating system of the standby.
 *
 * A physical copy keeps the text order of the primary's libraries. Take the same distribution and
 * release as the primary's if anything reads text through indexes on the standby; the boot script
 * compares the recorded collation versions and says where they differ.
 */
export class OperatingSystem {
  /**
   * Amazon Linux 2023 with its own PostgreSQL packages, for the PostgreSQL project publishes none for
   * it. A major that the image's release does not have fails the deployment within minutes, with what dnf said.
   *
   * Left to itself it takes the newest image at each deployment: any deployment, of whatever change, then replaces the
   * instance (but not its data) when Amazon has published a newer one. The standby is away for some minutes; its slots
   * wait, and replication to the target lags. Pin the image where deployments must not do that.
   *
   * @throws ValidationError if both options are given
   */
  public static amazonLinux2023(options: AmazonLinuxOptions = {}): OperatingSystem {
    const { image, cachedInContext = false } = options;
    if (image !== undefined && cachedInContext) {
      throw new ValidationError('Amazon Linux 2023', [
        "'cachedInContext' must be left out with 'image', which is not looked up, got true; remove one of the two",
      ]);
    }
    return new OperatingSystem(
      'amazon-linux',
      PackageSource.DISTRIBUTION,
      '/dev/xvda',
      (cpuType) => image ?? MachineImage.latestAmazonLinux2023({ cpuType, cachedInContext }),
    );
  }

  /** Red Hat Enterprise Linux 8, 9 or 10, or one of its rebuilds. */
  public static rhel(image: IMachineImage, options: OperatingSystemOptions = {}): OperatingSystem {
    return OperatingSystem.of('red-hat', '/dev/sda1', image, options);
  }

  /** Debian 12 or later. */
  public static debian(
    image: IMachineImage,
    options: OperatingSystemOptions = {},
  ): OperatingSystem {
    return OperatingSystem.of('debian', '/dev/xvda', image, options);
  }

  /** Ubuntu 24.04 or later. */
  public static ubuntu(
    image: IMachineImage,
    options: OperatingSystemOptions = {},
  ): OperatingSystem {
    return OperatingSystem.of('debian', '/dev/sda1', image, options);
  }

  private static of(
    family: PackageFamily,
    rootDeviceName: string,
    image: IMachineImage,
    options: OperatingSystemOptions,
  ): OperatingSystem {
    const source = options.packageSource ?? PackageSource.PGDG;
    const device = options.rootDeviceName ?? rootDeviceName;
    return new OperatingSystem(family, source, device, () => image);
  }

  private constructor(
    /** How packages are installed. */
    public readonly family: PackageFamily,
    /** Where PostgreSQL comes from. */
    public readonly packageSource: PackageSource,
    /** The image's root device. */
    public readonly rootDeviceName: string,
    private readonly imageFor: (cpuType: AmazonLinuxCpuType) => IMachineImage,
  ) {}

  /** The image, for a processor of `cpuType`. */
  public machineImage(cpuType: AmazonLinuxCpuType): IMachineImage {
    return this.imageFor(cpuType);
  }
}
