import { Token } from 'aws-cdk-lib';

/** The widest network that is routed to a source: the widest private one. */
const FEWEST_BITS = 8;

/** Whether `text` is an IPv4 address as EC2 takes it: without leading zeros, which some programs read as octal. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => isNumberUpTo(part, 255));
}

/** Whether `text` is an IPv4 network as CIDR, of /8 or smaller. */
export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  return (
    rest.length === 0 && isIpv4(address) && isNumberUpTo(bits, 32) && Number(bits) >= FEWEST_BITS
  );
}

/** Says what is wrong with the networks that the property `what` names. Tokens are not looked at. */
export function networkProblems(cidrs: readonly string[], what: string): readonly string[] {
  if (cidrs.length === 0)
    return [
      `'${what}' must name the networks of the source, got none; write them like 192.0.2.0/24`,
    ];
  const first = new Map<string, number>();
  const problems: string[] = [];
  for (const [index, cidr] of cidrs.entries()) {
    if (Token.isUnresolved(cidr)) continue;
    const got = `got ${JSON.stringify(cidr)}`;
    if (!isCidr(cidr)) {
      problems.push(
        `'${what}[${index}]' must be a network as CIDR, from /8 to /32, ${got}; write it like 192.0.2.0/24`,
      );
      continue;
    }
    const network = networkOf(cidr).join('/');
    const known = first.get(network);
    if (known === undefined) first.set(network, index);
    else
      problems.push(
        `'${what}[${index}]' must be another network than '${what}[${known}]', since a table has one route to each, ${got}; remove one`,
      );
  }
  return problems;
}

/** Says why no interface can have `address` in the subnet of the network `block`; undefined if one can. */
export function subnetAddressProblem(
  address: string,
  block: string,
  what: string,
): string | undefined {
  const [network, size] = networkOf(block);
  const position = asNumber(address) - network;
  const got = `got '${address}'`;
  if (position < 0 || position >= size)
    return `'${what}' must be out of the standby's subnet ${block}, ${got}; choose another one, or give 'standby.subnet'`;
  // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
  if (position < 4 || position === size - 1)
    return `'${what}' cannot be one of the first four addresses or the last one of the subnet ${block}, which AWS keeps for itself, ${got}; choose another one`;
  return undefined;
}

/** The first address of a network, and how many there are. */
function networkOf(cidr: string): readonly [number, number] {
  const [address = '', bits = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return [Math.floor(asNumber(address) / size) * size, size];
}

function asNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

function isNumberUpTo(text: string, most: number): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= most;
}
