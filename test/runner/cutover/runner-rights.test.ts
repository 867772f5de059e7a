import { cutover, status } from '../../../lib/runner';
import { asSuperuser, OWNER } from '../../faults/walks';
import { CutoverLab, type Side } from './lab';

let lab: CutoverLab;
beforeAll(async () => {
  lab = await CutoverLab.start([14, 17]);
});
afterAll(() => lab.stop());

/** What gate `id` says once the superuser of `side` has run `text`. */
async function foundAfter(id: string, side: Side, text: string): Promise<string> {
  await asSuperuser(side, text);
  const services = await lab.services();
  const { gates } = await status({ plan: lab.plan() }, services).finally(() => services.close());
  const gate = gates.find((one) => one.id === id);
  return `${gate?.status}: ${gate?.found}`;
}

const OPEN = 'open: as it must be';

// Gates only: PostgreSQL itself has nobody make slots without REPLICATION.
test('who makes slots has REPLICATION, or is a member of rds_replication, as an admin of Amazon RDS', async () => {
  const { blue, green } = lab;
  const found = async (side: Side, text: string) => await foundAfter('may-decode', side, text);
  const closed = (side: string) => `closed: no right to make slots on '${side}'`;
  await asSuperuser(blue, 'ALTER ROLE dbadmin NOSUPERUSER NOREPLICATION');
  expect(await found(green, 'ALTER ROLE dbadmin NOREPLICATION')).toBe(OPEN);
  expect(await found(green, 'REVOKE rds_superuser FROM dbadmin')).toBe(closed('green'));
  expect(await found(green, 'GRANT rds_replication TO dbadmin')).toBe(OPEN);
  expect(await found(blue, 'REVOKE rds_superuser FROM dbadmin')).toBe(closed('blue'));
  expect(await found(blue, 'ALTER ROLE dbadmin REPLICATION')).toBe(OPEN);
  expect(await found(blue, 'ALTER ROLE dbadmin NOREPLICATION SUPERUSER')).toBe(OPEN);
  expect(await found(blue, 'DROP OWNED BY rds_replication; DROP ROLE rds_replication')).toBe(OPEN);
  for (const side of [blue, green])
    await asSuperuser(side, 'GRANT rds_superuser TO dbadmin; ALTER ROLE dbadmin REPLICATION');
});

test('who fences becomes the owner of the database, which a member that inherits may not always', async () => {
  const { blue, green } = lab;
  const found = async (side: Side, text: string) => await foundAfter('may-fence', side, text);
  const closed = (side: string) =>
    `closed: no right to become 'boss', who owns the database on '${side}'`;
  expect(await found(green, 'CREATE ROLE boss')).toBe(OPEN);
  const owned = 'ALTER DATABASE app OWNER TO boss; GRANT CONNECT ON DATABASE app TO dbadmin';
  expect(await found(green, owned)).toBe(closed('green'));
  expect(await found(green, 'GRANT boss TO dbadmin WITH INHERIT TRUE, SET FALSE')).toBe(
    closed('green'),
  );
  expect(await found(green, 'ALTER ROLE dbadmin SUPERUSER')).toBe(OPEN);
  expect(await found(green, 'ALTER ROLE dbadmin NOSUPERUSER')).toBe(closed('green'));
  expect(await found(green, 'GRANT boss TO dbadmin WITH INHERIT FALSE, SET TRUE')).toBe(OPEN);
  await asSuperuser(blue, `CREATE ROLE boss; ${owned}`);
  expect(await found(blue, 'ALTER ROLE dbadmin NOSUPERUSER NOINHERIT')).toBe(closed('blue'));
  expect(await found(blue, 'GRANT boss TO dbadmin')).toBe(OPEN);
  await asSuperuser(blue, 'ALTER ROLE dbadmin SUPERUSER INHERIT');
  const services = await lab.services();
  await cutover({ plan: lab.plan(), owner: OWNER }, services).finally(() => services.close());
  expect(lab.active).toBe('green');
});
