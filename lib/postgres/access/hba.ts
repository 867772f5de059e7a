import { Problems } from '../errors';
import { hbaNameProblem } from '../identifiers';

/** One line of pg_hba.conf: TLS and SCRAM always. */
export interface HbaRule {
  /** A database's name, or `replication` for physical replication connections. */
  readonly database: string;
  /** Whether `database` means the physical replication protocol and not a database of that name. */
  readonly physical: boolean;
  /** The role that may log in. */
  readonly user: string;
  /** The network that it may come from, as CIDR: `10.0.1.0/24`, `10.0.1.7/32`, `fd00::/64`. May be a binding's expression. */
  readonly address: string;
  /** Why the line is there. */
  readonly purpose: string;
}

/** `rules` as lines of pg_hba.conf. Each name is quoted, so that none is taken for a keyword such as `all`. */
export function renderHba(rules: readonly HbaRule[]): string {
  checkRules(rules);
  return rules
    .map(
      ({ database, physical, user, address, purpose }) =>
        `# ${purpose}\nhostssl ${physical ? 'replication' : quoteHba(database)} ${quoteHba(user)} ${address} scram-sha-256\n`,
    )
    .join('');
}

function checkRules(rules: readonly HbaRule[]): void {
  const problems = new Problems();
  for (const [index, { database, user, address, purpose }] of rules.entries()) {
    for (const [name, what] of [
      [database, 'database'],
      [user, 'user'],
    ] as const) {
      const problem = hbaNameProblem(name, `hba[${index}].${what}`);
      if (problem !== undefined) problems.add(problem);
    }
    problems.addIf(
      /[\r\n]|\\$/.test(purpose),
      `'hba[${index}].purpose' must be one line that does not end in a backslash, got ${JSON.stringify(purpose)}; shorten it`,
    );
    problems.addIf(
      /\/0+$/.test(address) || address === 'all',
      `'hba[${index}].address' cannot admit every address, got '${address}'; name the subnet`,
    );
    problems.addIf(
      /[\s#"]/.test(address.replaceAll(/\$\{Token\[[^\]]*\]\}/g, '')),
      `'hba[${index}].address' must be one network as CIDR, got ${JSON.stringify(address)}; write it like 10.0.1.0/24`,
    );
  }
  problems.throwIfAny('pg_hba.conf');
}

function quoteHba(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
