import {
  CfnRoute,
  type CfnRouteProps,
  CfnVPCGatewayAttachment,
  type ISubnet,
  type IVpc,
  VpnConnection,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import { ValidationError } from '../../postgres';

/** The way from a subnet to the networks of the source. */
export class SourceRoute {
  /** The subnet's route table already leads there. */
  public static existing(): SourceRoute {
    return new SourceRoute({});
  }

  /**
   * Through the virtual private gateway of a VPN or of Direct Connect, which must be attached to the VPC: EC2 refuses a
   * route to any other. Where the same program attaches it, say so by `after`.
   *
   * @see https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html
   */
  public static virtualPrivateGateway(gatewayId: string): SourceRoute {
    return new SourceRoute({ gatewayId });
  }

  /**
   * Through the gateway that `vpc` was made with (`vpnGateway` or `vpnConnections`), once it is attached and its
   * connections are there.
   *
   * @throws ValidationError if the program knows no such gateway
   */
  public static vpnGatewayOf(vpc: IVpc): SourceRoute {
    const { vpnGatewayId } = vpc;
    if (vpnGatewayId === undefined) {
      throw new ValidationError('SourceRoute', [
        `'vpc' must have a VPN gateway, got '${vpc.node.path}' without one; make it with 'vpnGateway' or 'vpnConnections', or import it with its 'vpnGatewayId'`,
      ]);
    }
    const ways = vpc.node
      .findAll()
      .filter((part) => part instanceof CfnVPCGatewayAttachment || part instanceof VpnConnection);
    return SourceRoute.virtualPrivateGateway(vpnGatewayId).after(...ways);
  }

  /** Through a transit gateway that the VPC is attached to. */
  public static transitGateway(transitGatewayId: string): SourceRoute {
    return new SourceRoute({ transitGatewayId });
  }

  /** Through a peering connection between the VPC and the one that the source is in. */
  public static vpcPeering(vpcPeeringConnectionId: string): SourceRoute {
    return new SourceRoute({ vpcPeeringConnectionId });
  }

  private constructor(
    private readonly target: Pick<
      CfnRouteProps,
      'gatewayId' | 'transitGatewayId' | 'vpcPeeringConnectionId'
    >,
    private readonly dependencies: readonly IDependable[] = [],
  ) {}

  /**
   * The same way, usable only once `dependencies` are there: the attachment of the gateway, the connection behind it.
   * What connects to the source waits for them, and goes before they do.
   */
  public after(...dependencies: IDependable[]): SourceRoute {
    return new SourceRoute(this.target, [...this.dependencies, ...dependencies]);
  }

  /** Makes the routes, one for each of `cidrs`. Gives what has to be there before anything takes this way. */
  public addTo(scope: Construct, subnet: ISubnet, cidrs: string[]): IDependable[] {
    // A subnet that was imported without its route table has none that could be asked for.
    if (Object.keys(this.target).length === 0) return [...this.dependencies];
    return this.addToTable(scope, subnet.routeTable.routeTableId, cidrs);
  }

  /** Makes the routes in a table that is only known by its id. */
  public addToTable(scope: Construct, routeTableId: string, cidrs: string[]): IDependable[] {
    if (Object.keys(this.target).length === 0) return [...this.dependencies];
    return cidrs.map((cidr, index) => {
      const route = new CfnRoute(scope, `Route${index + 1}`, {
        routeTableId,
        destinationCidrBlock: cidr,
        ...this.target,
      });
      route.node.addDependency(...this.dependencies);
      return route;
    });
  }
}
