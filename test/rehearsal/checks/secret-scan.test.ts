import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scanForSecrets } from '../../../lib/rehearsal/checks/secret-scan';

const SECRET = 'p"a\\ss w@rd/1';

test.each([
  ['as it is', `password=${SECRET}`],
  ['inside JSON', JSON.stringify({ password: SECRET })],
  ['inside a URL', `postgres://user:${encodeURIComponent(SECRET)}@host/db`],
])('finds a secret %s, in a text and in a log', async (_how, text) => {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-scan-'));
  try {
    const path = join(directory, 'log');
    writeFileSync(path, `first\r\n${text}\nlast`);
    const scan = await scanForSecrets([SECRET, SECRET, 'short'], {
      texts: [
        { place: 'template', text },
        { place: 'process list', text: 'short' },
      ],
      files: [{ place: 'log of a', path }],
    });
    expect(scan).toEqual({
      secrets: 1,
      places: ['template', 'process list', 'log of a'],
      found: ['template', 'log of a'],
      notSearched: [],
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});
