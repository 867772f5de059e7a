import { type ReplicationPolicy, record, records } from './policy';

const PORT = 5432;
const RULE = 'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule';
const LISTS = [
  'oci:Core/securityList:SecurityList',
  'oci:Core/defaultSecurityList:DefaultSecurityList',
];
/** Two halves of everybody are everybody: this many bits must be named at least. */
const FEWEST_BITS = { ipv4: 8, ipv6: 16 };
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
      if (isEverybody(String(rule.source)) && reaches(rule, range))
        report(
          `'source' must be a network for port ${PORT}, got ${rule.source}; name the networks of clients`,
        );
  },
};

/** A source without bits is a security group or a service of OCI, or one address. */
function isEverybody(source: string): boolean {
  const [, address = '', bits = ''] = /^([\d.]+|[\da-f:]+)\/(\d+)$/i.exec(source) ?? [];
  if (address === '') return false;
  return Number(bits) < (address.includes(':') ? FEWEST_BITS.ipv6 : FEWEST_BITS.ipv4);
}

/** Without a range every port is meant. */
function reaches({ protocol }: Rule, { min = 1, max = 65_535 }: Rule): boolean {
  if (protocol === 'all') return true;
  return protocol === TCP && Number(min) <= PORT && PORT <= Number(max);
}
