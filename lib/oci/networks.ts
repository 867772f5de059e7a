import { isCidr, Problems } from '../postgres';

/** Says what is wrong with the networks that the property `what` names. */
export function networkProblems(networks: readonly string[], what: string): readonly string[] {
  const problems = new Problems();
  for (const [index, network] of networks.entries())
    problems.addIf(
      !isCidr(network),
      `'${what}[${index}]' must be a network as CIDR and not every address, got ${JSON.stringify(network)}; write it like 10.1.0.0/16`,
    );
  return problems.list();
}
