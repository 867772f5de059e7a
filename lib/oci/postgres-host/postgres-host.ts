import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { admitTo, createSecurityGroup } from '../networks';
import { ownCompartmentIn } from '../regions';
import type { PostgresHostArgs } from './args';
import { renderMetadata } from './files';
import { admittedNetworks, HOST_PORT, peersOf, serverFiles, VOLUME_DEVICE } from './parameters';
import { validate } from './validate';

const DEFAULT_SHAPE = 'VM.Standard.E5.Flex';
const SSH = 22;

/**
 * One PostgreSQL server on a virtual machine with Oracle Linux: the primary of a cluster or one of its standbys.
 *
 * At its first boot the machine installs the major from PostgreSQL's own repository, opens its firewall to the networks
 * that access rules name, fetches passwords and its certificate from the vault by its own principal, and makes the
 * cluster, or copies it from the primary. Data lies on a volume of its own.
 *
 * - What the machine is told at its first boot cannot change without replacing it: an edited script, setting or access
 *   rule reaches new machines only. Bring it onto others by hand, under the same paths.
 * - Machine and volume are protected.
 * - A server that was promoted stays a primary, and one that was replaced refuses to serve as a second one.
 *
 * @throws ValidationError with everything about the args that cannot work
 * @see https://www.postgresql.org/docs/current/warm-standby.html
 */
export class PostgresHost extends pulumi.ComponentResource {
  /** The machine. */
  public readonly instance: oci.core.Instance;
  /** The data volume. */
  public readonly volume: oci.core.Volume;
  /** The security group that the machine is in. */
  public readonly securityGroup: oci.core.NetworkSecurityGroup;
  /** The fixed address. */
  public readonly address: string;

  constructor(name: string, args: PostgresHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super('pontoon:index:PostgresHost', name, args, opts);
    validate(name, args);
    const { availabilityDomain, machine, protect = true } = args;
    const who = `PostgresHost '${name}'`;
    const compartmentId = ownCompartmentIn(args.region, this, who, args.compartmentId);
    const placed = { ...args, compartmentId };
    this.address = args.addresses[args.server] ?? '';
    this.securityGroup = createNetworkRules(name, placed, this);
    this.volume = new oci.core.Volume(
      `${name}-data`,
      {
        compartmentId,
        availabilityDomain,
        displayName: `${name}-data`,
        sizeInGbs: String(machine.dataVolumeGiB ?? 100),
      },
      { parent: this, protect },
    );
    this.instance = createInstance(name, placed, this.securityGroup, this);
    new oci.core.VolumeAttachment(
      `${name}-data`,
      {
        instanceId: this.instance.id,
        volumeId: this.volume.id,
        attachmentType: 'paravirtualized',
        device: VOLUME_DEVICE,
        isPvEncryptionInTransitEnabled: true,
        displayName: `${name}-data`,
      },
      { parent: this, protect },
    );
    this.registerOutputs({ instanceId: this.instance.id, server: args.server });
  }
}

function createInstance(
  name: string,
  args: PostgresHostArgs,
  { id }: oci.core.NetworkSecurityGroup,
  parent: PostgresHost,
): oci.core.Instance {
  const { machine, compartmentId, availabilityDomain, server, subnetId, protect = true } = args;
  const shape = machine.shape ?? DEFAULT_SHAPE;
  const size = { ocpus: machine.ocpus ?? 2, memoryInGbs: machine.memoryInGbs ?? 16 };
  return new oci.core.Instance(
    name,
    {
      compartmentId,
      availabilityDomain,
      displayName: name,
      shape,
      ...(shape.endsWith('.Flex') ? { shapeConfig: size } : {}),
      sourceDetails: { sourceType: 'image', sourceId: machine.imageId },
      createVnicDetails: {
        subnetId,
        assignPublicIp: 'false',
        privateIp: parent.address,
        nsgIds: [id],
      },
      isPvEncryptionInTransitEnabled: true,
      instanceOptions: { areLegacyImdsEndpointsDisabled: true },
      metadata: serverFiles(args).apply((files) =>
        renderMetadata(server, files, machine.sshPublicKey),
      ),
    },
    // Either would replace the machine: the script of a later version, or a newer image.
    { parent, protect, ignoreChanges: ['metadata', 'sourceDetails'] },
  );
}

/** The cluster's servers reach each other, since any may be promoted; packages and OCI's services come by HTTPS. */
function createNetworkRules(
  name: string,
  args: PostgresHostArgs,
  parent: PostgresHost,
): oci.core.NetworkSecurityGroup {
  const { compartmentId, vcnId } = args;
  const group = createSecurityGroup(
    `${name}-server`,
    {
      compartmentId,
      vcnId,
      port: HOST_PORT,
      from: admittedNetworks(args),
      to: peersOf(args).map((address) => `${address}/32`),
    },
    parent,
  );
  admitTo(`${name}-server-shell`, group, SSH, args.logins.shellNetworks ?? []);
  new oci.core.NetworkSecurityGroupSecurityRule(
    `${name}-server-https`,
    {
      networkSecurityGroupId: group.id,
      direction: 'EGRESS',
      protocol: '6',
      destination: '0.0.0.0/0',
      destinationType: 'CIDR_BLOCK',
      tcpOptions: { destinationPortRange: { min: 443, max: 443 } },
      description: 'Packages, and services of OCI',
    },
    { parent: group },
  );
  return group;
}
