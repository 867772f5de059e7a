import { Aws } from 'aws-cdk-lib';
import {
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type SecurityGroup as SecurityGroupType,
} from 'aws-cdk-lib/aws-ec2';
import { Policy, PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/** The rules of a migration: five groups, and who reaches whom on the database's port. */
export interface Groups {
  readonly runner: SecurityGroupType;
  readonly standby: SecurityGroupType;
  readonly instance: SecurityGroupType;
  readonly target: SecurityGroupType;
  readonly dms: SecurityGroupType;
}

const POSTGRES = Port.tcp(5432);

export function createGroups(scope: Construct, vpc: IVpc): Groups {
  const group = (id: string, ...ports: number[]): SecurityGroup => {
    const made = new SecurityGroup(scope, `${id}Group`, {
      vpc,
      description: id,
      allowAllOutbound: false,
    });
    for (const port of ports) made.addEgressRule(Peer.anyIpv4(), Port.tcp(port), `${port}`);
    return made;
  };
  const groups = {
    runner: group('Runner', 443),
    standby: group('Standby'),
    instance: group('Instance', 443, 80),
    target: group('Target'),
    dms: group('Dms', 443),
  };
  for (const one of [groups.runner, groups.standby])
    one.addEgressRule(Peer.ipv4('192.0.2.0/24'), POSTGRES, 'the source');
  groups.runner.connections.allowTo(groups.standby, POSTGRES, 'objects on the standby');
  groups.runner.connections.allowTo(groups.target, POSTGRES, 'objects on the target');
  groups.instance.connections.allowTo(groups.target, POSTGRES, 'schema copy');
  groups.dms.connections.allowTo(groups.standby, POSTGRES, 'decoding');
  groups.dms.connections.allowTo(groups.target, POSTGRES, 'apply');
  return groups;
}

export function createLogin(scope: Construct, id: string, template: string): Secret {
  return new Secret(scope, id, {
    description: id,
    generateSecretString: {
      secretStringTemplate: template,
      generateStringKey: 'password',
      passwordLength: 32,
      excludeCharacters: ' %+~`#$&*()|[]{}:;<>?!\'/@"\\,.=^',
    },
  });
}

export function readPolicy(scope: Construct, id: string, secret: ISecret, role: Role): Policy {
  const policy = new Policy(scope, id, {
    statements: [
      new PolicyStatement({
        actions: ['secretsmanager:GetSecretValue'],
        resources: [secret.secretArn],
      }),
    ],
  });
  policy.attachToRole(role);
  return policy;
}

export function arn(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}
