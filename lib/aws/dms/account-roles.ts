import { Stack, Token, Validations } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { PontoonError } from '../../postgres';

/** Where the two roles come from that AWS DMS finds by their names, so that an account has each of them once. */
export enum DmsAccountRoles {
  /** This stack makes them: once for the account, in all its regions and stacks. */
  CREATE = 'create',
  /** The account has them already, from another stack or the console. */
  EXISTING = 'existing',
}

const ROLES = [
  ['dms-vpc-role', 'AmazonDMSVPCManagementRole'],
  ['dms-cloudwatch-logs-role', 'AmazonDMSCloudWatchLogsRole'],
] as const;

/**
 * The account's roles `dms-vpc-role` and `dms-cloudwatch-logs-role`, made once in a stack.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/security-iam.html
 */
export class DmsAccountRolesResource extends Construct {
  /**
   * The roles of the stack that `scope` is in.
   *
   * @throws PontoonError with code DUPLICATE_ACCOUNT_ROLES if another stack of the app makes them for this account.
   */
  public static of(scope: IConstruct): DmsAccountRolesResource {
    const stack = Stack.of(scope);
    const found = stack.node.tryFindChild(CHILD);
    if (found instanceof DmsAccountRolesResource) return found;
    claim(stack);
    return new DmsAccountRolesResource(stack, CHILD);
  }

  private constructor(scope: Construct, id: string) {
    super(scope, id);
    for (const [roleName, policy] of ROLES) {
      const role = new Role(this, roleName, {
        roleName,
        description: 'AWS DMS finds this role by its name',
        assumedBy: new ServicePrincipal('dms.amazonaws.com'),
        managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName(`service-role/${policy}`)],
      });
      Validations.of(role).acknowledge({
        id: `AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${policy}]`,
        reason: 'AWS DMS requires its own managed policy on the role that it finds by name.',
      });
    }
  }
}

const CHILD = 'PontoonDmsAccountRoles';

/** The stack that makes the roles, by app and account. */
const MAKERS = new WeakMap<IConstruct, Map<string, Stack>>();

function claim(stack: Stack): void {
  const makers = MAKERS.get(stack.node.root) ?? new Map<string, Stack>();
  MAKERS.set(stack.node.root, makers);
  const account = Token.isUnresolved(stack.account) ? 'the current account' : stack.account;
  const other = makers.get(account);
  if (other !== undefined) {
    throw new PontoonError(
      'DUPLICATE_ACCOUNT_ROLES',
      `'accountRoles' must be 'existing' in all stacks of ${account} but one, since AWS DMS finds the roles by their names, got 'create' in '${other.node.path}' and '${stack.node.path}'; set EXISTING in one and deploy the other first`,
    );
  }
  makers.set(account, stack);
}
