import { type ReplicationPolicy, record, records } from './policy';

const PORT = 5432;
const RULE = 'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule';
const LISTS = [
  'oci:Core/securityList:SecurityList',
  'oci:Core/defaultSecurityList:DefaultSecurityList',
];
const EVERYBODY = ['0.0.0.0/0', '::/0'];
const TCP = '6';

type Rule = Readonly<Record<string, unknown>>;

/** Databases are reached from named networks. */
export const noOpenPort: ReplicationPolicy = {
  name: 'pontoon-no-open-port',
  description: 'Nobody but named networks reaches the port of PostgreSQL.',
  enforcementLevel: 'mandatory',
  validateResource: ({ type, props }, report) => {
    const rules =
      type === RULE && props.direction === 'INGRESS'
        ? [{ rule: props, range: record(record(props.tcpOptions).destinationPortRange) }]
        : LISTS.includes(type)
          ? records(props.ingressSecurityRules).map((rule) => ({
              rule,
              range: record(rule.tcpOptions),
            }))
          : [];
    for (const { rule, range } of rules)
      if (EVERYBODY.includes(String(rule.source)) && reaches(rule, range))
        report(
          `'source' must be a network for port ${PORT}, got ${rule.source}; name the networks of clients`,
        );
  },
};

/** Without a range every port is meant. */
function reaches({ protocol }: Rule, { min = 1, max = 65_535 }: Rule): boolean {
  if (protocol === 'all') return true;
  return protocol === TCP && Number(min) <= PORT && PORT <= Number(max);
}
