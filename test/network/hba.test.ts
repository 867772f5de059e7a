import { readHba } from '../../lib/postgres';
import { byDms, natively, SOURCE, type Synthesized, synthesize, translated } from './migrations';
import { type HostServer, obstacle, Site } from './site';

const reason = obstacle();
const describeSites = reason === undefined ? describe.each : describe.skip.each;
if (reason !== undefined) process.stderr.write(`pg_hba in namespaces: not run, it ${reason}\n`);

const STRANGER = '203.0.113.5';

describeSites([
  { name: 'the example with AWS DMS', make: byDms, major: 17 },
  { name: 'the native example', make: natively, major: 16 },
  {
    name: 'a target in subnets of its own behind translated addresses',
    make: translated,
    major: 18,
  },
])('pg_hba of $name on PostgreSQL $major', ({ make, major }) => {
  let site: Site;
  let source: HostServer;
  let standby: HostServer;
  let synthesized: Synthesized;
  let database: string;
  let administrator: string;
  /** The address under which the source sees the standby. */
  let seen: string;
  let readers: readonly string[];

  beforeAll(async () => {
    synthesized = synthesize(make);
    const { migration, standbyHba, standbyAddress, networks } = synthesized;
    ({ administrator } = migration.source);
    database = migration.topology.servers.onPremises?.database ?? '';
    readers = networks.dms.length > 0 ? networks.dms : networks.target;
    seen = make === translated ? '198.51.100.7' : standbyAddress;
    site = await Site.open();
    [source, standby] = await Promise.all([
      site.serve({ ...SOURCE, major, hba: migration.source.hba.split('\n') }),
      site.serve({ address: standbyAddress, name: 'standby', major, hba: standbyHba }),
    ]);
    for (const { superuser } of [source, standby]) await prepare(superuser);
  });

  afterAll(() => site?.close());

  async function prepare(superuser: HostServer['superuser']): Promise<void> {
    const login = `LOGIN PASSWORD '${site.password}'`;
    await superuser.query(`CREATE ROLE "${administrator}" ${login}`);
    await superuser.query(`CREATE ROLE pontoon_standby REPLICATION ${login}`);
    await superuser.query(`CREATE ROLE pontoon_reader REPLICATION ${login}`);
    await superuser.query(`CREATE ROLE stranger SUPERUSER REPLICATION ${login}`);
    await superuser.query(`CREATE DATABASE "${database}"`);
    await superuser.query('CREATE DATABASE payroll');
  }

  const noEntry = (from: string, user: string, other: string, encryption = 'SSL encryption') =>
    `no pg_hba.conf entry for host "${from}", user "${user}", database "${other}", ${encryption}`;
  const noReplication = (from: string, user: string) =>
    `no pg_hba.conf entry for replication connection from host "${from}", user "${user}", SSL encryption`;

  test('the server reads every line', async () => {
    for (const { superuser } of [source, standby]) {
      const { rows } = await superuser.query(
        'SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL',
      );
      expect(rows).toEqual([]);
    }
    for (const { address } of readHba(synthesized.migration.source.hba))
      expect([...synthesized.networks.runner, `${seen}/32`]).toContain(address);
  });

  test('the administrator gets in from the subnets of the runner, over TLS, into the database', async () => {
    for (const network of synthesized.networks.runner) {
      for (const from of edges(network)) {
        for (const to of [source, standby]) {
          const user = administrator;
          const own = { user, database };
          expect(await site.logIn(from, to, own)).toBe(`in, from ${from}`);
          expect(await site.logIn(from, to, { user, database: 'payroll' })).toBe(
            noEntry(from, user, 'payroll'),
          );
          expect(await site.logIn(from, to, { user: 'stranger', database })).toBe(
            noEntry(from, 'stranger', database),
          );
          expect(await site.logIn(from, to, { ...own, tls: false })).toBe(
            noEntry(from, user, database, 'no encryption'),
          );
          expect(await site.logIn(from, to, { ...own, password: 'wrong' })).toBe(
            `password authentication failed for user "${user}"`,
          );
          expect(await site.logIn(from, to, { ...own, replication: 'true' })).toBe(
            noReplication(from, user),
          );
        }
      }
    }
  });

  test('the standby replicates from exactly the address that the source sees', async () => {
    const login = { user: 'pontoon_standby', database, replication: 'true' } as const;
    expect(await site.logIn(seen, source, login)).toBe('in, replicating');
    expect(await site.logIn(seen, source, { ...login, password: 'wrong' })).toBe(
      'password authentication failed for user "pontoon_standby"',
    );
    expect(await site.logIn(seen, source, { ...login, user: 'stranger' })).toBe(
      noReplication(seen, 'stranger'),
    );
    for (const from of [neighbour(seen, -1), neighbour(seen, 1), STRANGER])
      expect(await site.logIn(from, source, login)).toBe(noReplication(from, login.user));
    const { user } = login;
    expect(await site.logIn(seen, source, { user, database })).toBe(noEntry(seen, user, database));
  });

  test('the reader decodes on the standby from the subnets that read, and nowhere else', async () => {
    const login = { user: 'pontoon_reader', database } as const;
    for (const from of readers.flatMap(edges)) {
      expect(await site.logIn(from, standby, login)).toBe(`in, from ${from}`);
      const decoding = { ...login, replication: 'database' } as const;
      expect(await site.logIn(from, standby, decoding)).toBe('in, replicating');
      expect(await site.logIn(from, standby, { ...login, replication: 'true' })).toBe(
        noReplication(from, login.user),
      );
      expect(await site.logIn(from, standby, { ...login, tls: false })).toBe(
        noEntry(from, login.user, database, 'no encryption'),
      );
      expect(await site.logIn(from, source, login)).toBe(noEntry(from, login.user, database));
    }
    const others = synthesized.networks.all.filter((network) => !readers.includes(network));
    expect(others).not.toEqual([]);
    for (const from of others.map((network) => edges(network)[0] ?? ''))
      expect(await site.logIn(from, standby, login)).toBe(noEntry(from, login.user, database));
  });

  test('nobody gets in from an address outside of every subnet', async () => {
    for (const user of [administrator, 'pontoon_reader', 'pontoon_standby', 'postgres'])
      for (const to of [source, standby])
        expect(await site.logIn(STRANGER, to, { user, database })).toBe(
          noEntry(STRANGER, user, database),
        );
  });
});

/** The first and the last address of a network that AWS gives to anybody. */
function edges(cidr: string): string[] {
  const [network = '', bits = ''] = cidr.split('/');
  return [neighbour(network, 4), neighbour(network, 2 ** (32 - Number(bits)) - 2)];
}

function neighbour(address: string, distance: number): string {
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) + distance;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
