import { deriveFlows, originOf } from '../../lib/postgres/access';
import { recordOf } from '../../lib/rehearsal/assembly';
import { byDms, natively, type Synthesized, synthesize } from './migrations';

/** Security groups by what they are for; the ids of the template carry hashes. */
const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/^MigrationRunnerSecurityGroup/, 'runner'],
  [/^MigrationReplicationSecurityGroup/, 'dms'],
  [/^MigrationStandbySecurityGroup/, 'standby'],
  [/^MigrationStandbyInstanceSecurityGroup/, 'standby.host'],
  [/^MigrationTargetSecurityGroup/, 'aurora'],
];

describe.each([
  { name: 'the example with AWS DMS', make: byDms },
  { name: 'the native example', make: natively },
])('network rules of $name', ({ make }) => {
  let synthesized: Synthesized;
  let flows: readonly string[];

  beforeAll(() => {
    synthesized = synthesize(make);
    flows = deriveFlows(synthesized.migration.topology, { wayBack: true }).map(
      (flow) => `${originOf(flow)} → ${flow.to}`,
    );
  });

  test('each flow leaves one group, and nothing else leaves for a server', () => {
    const leaving = flows.filter((flow) => !flow.startsWith('onPremises →'));
    expect(rules(synthesized, 'Egress').sort()).toEqual(leaving.sort());
  });

  test('each flow enters one group of ours, and nothing else enters any', () => {
    const entering = flows.filter((flow) => !flow.endsWith('→ onPremises'));
    expect(rules(synthesized, 'Ingress').sort()).toEqual(entering.sort());
  });
});

/** Rules that may admit connections to a server, as `origin → server`. */
function rules({ resources }: Synthesized, direction: 'Ingress' | 'Egress'): string[] {
  const alone = Object.values(resources(`AWS::EC2::SecurityGroup${direction}`)).map((rule) => ({
    group: String(rule.GroupId),
    rule,
  }));
  const inline = Object.entries(resources('AWS::EC2::SecurityGroup')).flatMap(([id, group]) => {
    const listed = group[`SecurityGroup${direction}`];
    return Array.isArray(listed)
      ? listed.map((rule) => ({ group: `${id}.GroupId`, rule: recordOf(rule) }))
      : [];
  });
  return [...alone, ...inline]
    .filter(({ rule }) => admits(rule))
    .map((each) => describeRule(each, direction));
}

// Out to AWS and to packages; and the rule by which the CDK says that nothing may leave.
function admits({ IpProtocol, FromPort, ToPort }: Readonly<Record<string, unknown>>): boolean {
  if (IpProtocol === 'icmp') return false;
  return !(IpProtocol === 'tcp' && FromPort === ToPort && (FromPort === 443 || FromPort === 80));
}

function describeRule(
  { group, rule }: { readonly group: string; readonly rule: Readonly<Record<string, unknown>> },
  direction: 'Ingress' | 'Egress',
): string {
  const { IpProtocol, FromPort, ToPort, CidrIp } = rule;
  const ports =
    IpProtocol === 'tcp' && FromPort === 5432 && ToPort === 5432
      ? ''
      : ` ${IpProtocol} ${FromPort}-${ToPort}`;
  const other = rule.DestinationSecurityGroupId ?? rule.SourceSecurityGroupId;
  const peer = CidrIp === '192.0.2.0/24' ? 'onPremises' : (CidrIp ?? nameOf(String(other)));
  const [from, to] = direction === 'Egress' ? [nameOf(group), peer] : [peer, nameOf(group)];
  return `${from} → ${to}${ports}`;
}

function nameOf(group: string): string {
  return GROUPS.find(([pattern]) => pattern.test(group))?.[1] ?? group;
}
