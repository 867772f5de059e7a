import { Token } from 'aws-cdk-lib';
import { addressNumber, isCidr, networkOf } from '../../postgres';

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
  const position = addressNumber(address) - network;
  const got = `got '${address}'`;
  if (position < 0 || position >= size)
    return `'${what}' must be out of the standby's subnet ${block}, ${got}; choose another one, or give 'standby.subnet'`;
  // https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
  if (position < 4 || position === size - 1)
    return `'${what}' cannot be one of the first four addresses or the last one of the subnet ${block}, which AWS keeps for itself, ${got}; choose another one`;
  return undefined;
}
