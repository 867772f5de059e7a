import { PontoonError } from '../errors';
import type { HbaRule } from './hba';

const NAME = '"((?:[^"]|"")*)"';
const RULE = new RegExp(`^hostssl (?:(replication)|${NAME}) ${NAME} (\\S+) scram-sha-256$`);

/** Reads the lines that {@link renderHba} wrote. Throws a PontoonError with code INVALID for any other line. */
export function readHba(text: string): HbaRule[] {
  const rules: HbaRule[] = [];
  let purpose = '';
  for (const line of text.split('\n').filter((candidate) => candidate !== '')) {
    if (line.startsWith('# ')) {
      purpose = line.slice(2);
      continue;
    }
    const [, physical, database = '', user = '', address = ''] = RULE.exec(line) ?? [];
    if (user === '') {
      throw new PontoonError(
        'INVALID',
        `a line for pg_hba.conf must be one of this library's, got ${JSON.stringify(line)}; synthesize again`,
      );
    }
    rules.push({
      database: physical ?? unquote(database),
      physical: physical !== undefined,
      user: unquote(user),
      address,
      purpose,
    });
  }
  return rules;
}

function unquote(name: string): string {
  return name.replaceAll('""', '"');
}
