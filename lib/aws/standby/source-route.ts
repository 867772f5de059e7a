import { CfnRoute, type ISubnet } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** The way from the standby's subnet to the primary's networks. */
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

  private constructor(
    private readonly target: { readonly gatewayId?: string; readonly transitGatewayId?: string },
  ) {}

  /** Makes the routes, one for each of `cidrs`. */
  public addTo(scope: Construct, subnet: ISubnet, cidrs: string[]): CfnRoute[] {
    if (Object.keys(this.target).length === 0) return [];
    return cidrs.map(
      (cidr, index) =>
        new CfnRoute(scope, `Route${index + 1}`, {
          routeTableId: subnet.routeTable.routeTableId,
          destinationCidrBlock: cidr,
          ...this.target,
        }),
    );
  }
}
