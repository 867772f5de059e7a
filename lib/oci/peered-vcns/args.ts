import type * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';

/** The network of one region: what is made there, or what is there already. */
export interface PeeredRegion {
  /**
   * The provider by which the region is reached. It must name the region: with the stack's own provider everything would
   * be made in the stack's region. Taking another one replaces what was made by it.
   */
  provider: oci.Provider;
  /**
   * The addresses of the VCN as one CIDR, /16 to /30, which no other region's may overlap. Of a VCN that is there, the
   * addresses that the other regions shall reach. Changing it of a new VCN replaces the VCN, which OCI refuses while
   * something is in it.
   */
  cidrBlock: string;
  /**
   * The addresses of the private subnet for servers, out of `cidrBlock`. Changing it of a new subnet replaces the
   * subnet, which OCI refuses while something is in it.
   */
  subnetCidrBlock: string;
  /**
   * A VCN that is there already. Changing it replaces what was made in it, which OCI refuses while something uses that.
   *
   * @default - a new one
   */
  vcnId?: pulumi.Input<string>;
  /**
   * A subnet that is there already, in `vcnId`. Its route table must lead to the other regions through `drgId`: this is
   * read, and refused while Pulumi previews, since a list of routes that belongs to somebody else is not overwritten.
   * Naming one where a new one was made removes the new one, which OCI refuses while something is in it.
   *
   * @default - a new private one, with a route table of its own
   */
  subnetId?: pulumi.Input<string>;
  /**
   * A dynamic routing gateway that is there already. If `vcnId` is given too, it must be attached to that VCN, which is
   * looked up in the program's compartment and in the network's. Changing it replaces both ends of each peering.
   *
   * @default - a new one
   */
  drgId?: pulumi.Input<string>;
  /**
   * The NAT gateway by which the servers of a new subnet fetch packages and reach OCI's services. Changing it takes
   * effect in place.
   *
   * @default - a new one in a new VCN, none in one that is there, which has its own ways out
   */
  natGatewayId?: pulumi.Input<string>;
}

/** VCNs of several regions, each of which reaches each other. */
export interface PeeredVcnsArgs {
  /** The compartment of everything that is made. Changing it moves what can be moved. */
  compartmentId: pulumi.Input<string>;
  /**
   * The regions by their names, such as `us-ashburn-1`. Adding one adds its peerings with all others. Removing one
   * removes them; nothing must be left in its network.
   */
  regions: { [region: string]: PeeredRegion };
}
