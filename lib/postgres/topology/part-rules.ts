import type { Problems } from '../errors';
import { overlap, quoteForMessage } from '../table-selection';
import { partNameProblem } from './names';
import { LinkKind, type TopologyLink, type TopologyProps } from './topology';

/** Keeps a problem for whatever keeps several links from sharing the tables between two servers. */
export function checkParts({ links }: TopologyProps, problems: Problems): void {
  for (const [index, link] of links.entries()) {
    checkPart(link, `links[${index}]`, problems);
    for (const [earlier, other] of links.slice(0, index).entries())
      checkPair({ other, earlier, link, index }, problems);
  }
}

function checkPart({ part, kind }: TopologyLink, at: string, problems: Problems): void {
  if (part === undefined) return;
  problems.addIf(
    kind !== LinkKind.NATIVE,
    `'${at}.part' must be left out for a ${kind} link, got ${JSON.stringify(part)}; only subscriptions share tables`,
  );
  const problem = partNameProblem(part, `${at}.part`);
  if (problem !== undefined) problems.add(problem);
}

interface Pair {
  readonly other: TopologyLink;
  readonly earlier: number;
  readonly link: TopologyLink;
  readonly index: number;
}

/** A table that two subscriptions bring is there twice, or not at all if its key is in the way. */
function checkPair({ other, earlier, link, index }: Pair, problems: Problems): void {
  if (link.kind !== LinkKind.NATIVE || other.kind !== LinkKind.NATIVE) return;
  if (link.from !== other.from || link.to !== other.to) return;
  const names = `'links[${earlier}]' and 'links[${index}]'`;
  problems.addIf(
    link.part === other.part,
    `'part' must tell ${names} apart, both from '${link.from}' to '${link.to}', got ${JSON.stringify(link.part) ?? 'nothing'} for both; give one another name`,
  );
  if (link.selection === undefined || other.selection === undefined) return;
  const { schemas, tables } = overlap(other.selection, link.selection);
  const shared = [
    ...schemas.map((schema) => `schema ${JSON.stringify(schema)}`),
    ...tables.map(quoteForMessage),
  ];
  problems.addIf(
    shared.length > 0,
    `${names} must share no table, got ${shared.join(', ')} in both; leave each to one of them`,
  );
}
