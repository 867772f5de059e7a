import { CfnRoute, type CfnRouteProps, type ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** The way from a subnet to the networks of the source. */
export class SourceRoute {
  /** The subnet's route table already leads there. */
  public static existing(): SourceRoute {
    return new SourceRoute({});
  }

  /** Through the virtual private gateway of a VPN or of Direct Connect. */
  public static virtualPrivateGateway(gatewayId: string): SourceRoute {
    return new SourceRoute({ gatewayId });
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
  ) {}

  /** Makes the routes, one for each of `cidrs`. */
  public addTo(scope: Construct, subnet: ISubnet, cidrs: string[]): CfnRoute[] {
    // A subnet that was imported without its route table has none that could be asked for.
    if (Object.keys(this.target).length === 0) return [];
    return this.addToTable(scope, subnet.routeTable.routeTableId, cidrs);
  }

  /** Makes the routes in a table that is only known by its id. */
  public addToTable(scope: Construct, routeTableId: string, cidrs: string[]): CfnRoute[] {
    if (Object.keys(this.target).length === 0) return [];
    return cidrs.map(
      (cidr, index) =>
        new CfnRoute(scope, `Route${index + 1}`, {
          routeTableId,
          destinationCidrBlock: cidr,
          ...this.target,
        }),
    );
  }
}
