import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether {@link cloudConfigRemarks} can be asked for. */
export function cloudInitIsThere(): boolean {
  return spawnSync('cloud-init', ['--version']).error === undefined;
}

/** What cloud-init has against `userData`, which must be a cloud-config; empty if nothing. */
export function cloudConfigRemarks(userData: string): string {
  const scratch = mkdtempSync(join(tmpdir(), 'pontoon-user-data-'));
  try {
    const file = join(scratch, 'user-data');
    writeFileSync(file, userData);
    const { error, stdout, stderr, status } = spawnSync(
      'cloud-init',
      ['schema', '--config-file', file],
      { encoding: 'utf8' },
    );
    if (error !== undefined) throw error;
    const said = `${stdout}${stderr}`;
    return status === 0 && said.includes('Valid cloud-config') ? '' : said;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
