import { isIPv4 } from 'node:net';
import { Problems } from '../postgres';

const FEWEST_BITS = 8;

/** Says what is wrong with the networks that the property `what` names. */
export function networkProblems(networks: readonly string[], what: string): readonly string[] {
  const problems = new Problems();
  for (const [index, network] of networks.entries())
    problems.addIf(
      !isNetwork(network),
      `'${what}[${index}]' must be a network as CIDR and not every address, got ${JSON.stringify(network)}; write it like 10.1.0.0/16`,
    );
  return problems.list();
}

/** Nothing is open to more than an eighth of what was once somebody's whole network. */
function isNetwork(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  const length = /^\d{1,2}$/.test(bits) ? Number(bits) : -1;
  return rest.length === 0 && isIPv4(address) && length >= FEWEST_BITS && length <= 32;
}
