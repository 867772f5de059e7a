import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostSslMode, type PostgresHostArgs } from '../../lib/oci';
import { bootScript, renderUserData, SERVER_FILES } from '../../lib/oci/postgres-host/files';
import { serverFiles } from '../../lib/oci/postgres-host/parameters';
import { allowRewind, LinkKind, Platform, RejoinMode, renderRejoin } from '../../lib/postgres';
import { Machine, makeVolume, removeVolume, waitFor } from '../aws/standby/machine';
import { Network } from '../aws/standby/network';
import { obstacle, prepareTree } from '../aws/standby/tree';
import { makeAuthority } from './authority';
import { filesOf } from './user-data';

const DEBIAN = { name: 'Debian 12 with PostgreSQL 15', suite: 'bookworm', major: 15 };
const LOG = '/var/log/pontoon-boot.log';
const ADDRESSES = { east: '10.77.1.51', west: '10.77.1.52' };
/** One that is added later, of which the others are not told. */
const ADDED = { south: '10.77.1.53' };
const MARKS = '/var/lib/pgsql/pontoon/.pontoon';
const PASSWORD = 'it\'s "a" \\ $ecret';

const reason = obstacle();
if (reason !== undefined) process.stderr.write(`boot script of OCI: not run, it ${reason}\n`);

// Not run here: dnf, firewalld, systemd and cloud-init (stand-ins), OCI (a stand-in for its command line).
(reason === undefined ? describe : describe.skip)('boot script on machines of OCI', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-oci-boot-'));
  const cloud = join(directory, 'cloud');
  const volumes: string[] = [];
  const machines: Machine[] = [];
  const places = new Map<string, string>();
  let network: Network;
  let tree: string;
  let caCertificate: string;

  beforeAll(() => {
    tree = prepareTree(DEBIAN);
    network = new Network();
    for (const name of ['secrets', 'bucket']) mkdirSync(join(cloud, name), { recursive: true });
    chmodSync(join(cloud, 'bucket'), 0o777);
    const authority = makeAuthority(join(directory, 'tls'));
    caCertificate = authority.certificate;
    for (const [server, address] of Object.entries({ ...ADDRESSES, ...ADDED })) {
      const { certificate, key } = authority.sign(address);
      writeFileSync(join(cloud, 'secrets', `${server}-certificate`), certificate);
      writeFileSync(join(cloud, 'secrets', `${server}-key`), key);
    }
    for (const [id, username] of [
      ['standby', 'pontoon_standby'],
      ['administrator', 'pontoon'],
    ] as const)
      writeFileSync(join(cloud, 'secrets', id), JSON.stringify({ username, password: PASSWORD }));
  });

  afterAll(async () => {
    for (const machine of machines) await machine.powerOff();
    for (const volume of volumes) removeVolume(volume);
    network?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  test('a primary is made and a replica copied; the log is kept; a second primary refuses to serve', async () => {
    // What others' machines refuse tells that they have no data: they must be there.
    for (const server of ['east', 'west']) places.set(server, network.addInstance());
    const east = await boot('east');
    await logged(east, 'the primary is ready');
    await east.sql('CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id');
    // A copy begins with a checkpoint, which would be spread over minutes.
    await east.sql('ALTER SYSTEM SET checkpoint_completion_target = 0');
    await east.sql('SELECT pg_reload_conf()');
    const west = await boot('west');
    await logged(west, 'streaming from 10.77.1.51:5432');
    expect(await east.sql('SELECT count(*) FROM orders')).toBe('1000');
    await replayed(west, '1000');

    const settings = "SELECT current_setting('data_checksums'), current_setting('archive_mode')";
    expect(await east.sql(settings)).toBe('on|on');
    expect(
      await east.sql(
        'SELECT application_name, client_addr, state, ssl FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)',
      ),
    ).toBe('west|10.77.1.52|streaming|t');
    const roles =
      "SELECT string_agg(rolname || rolsuper || rolreplication, ' ' ORDER BY 1) FROM pg_roles WHERE rolname LIKE 'pontoon%'";
    expect(await east.sql(roles)).toBe('pontoon_standbyfalsetrue pontoontruefalse');
    const slots = "SELECT string_agg(slot_name || active, ' ') FROM pg_replication_slots";
    expect(await east.sql(slots)).toBe('pontoon_westtrue');

    const segment = await east.sql('SELECT pg_walfile_name(pg_switch_wal())');
    await waitFor('the archive', async () => (await kept(east)).includes(segment));
    await refusesAnother(east, segment);

    await rebooted(east, west);
    await promotedElsewhere(east, west);
    await rejoined(east, west);
    await crashedAfterPromotion(east, west);
    await losesSlot(west, 'pontoon_east');
    const [south, another] = await Promise.all([addedAfterPromotion(west), replacedBlank(west)]);
    await notesWhomCommitsWaitFor(west, south);
    for (const machine of [east, west, south, another]) {
      const said = `${machine.read(LOG)}${machine.read('/var/log/pontoon-boot.log')}`;
      expect(said).not.toContain(PASSWORD);
    }
  });

  /** With the vault out of reach it goes on with what was fetched before, and alone only if it is told so. */
  async function rebooted(east: Machine, west: Machine): Promise<void> {
    await waitFor('the first follower', () => followed(east));
    await Promise.all([east.powerOff(), west.powerOff()]);
    writeFileSync(join(cloud, 'vault-is-away'), '');
    east.start();
    await logged(east, 'waiting: no answer from 10.77.1.52');
    expect(east.read(LOG).split('the primary is ready')).toHaveLength(2);
    await east.exec('touch', `${MARKS}/alone`);
    await until(east, 'the second boot', () => east.read(LOG).split('boot ends').length > 2);
    for (const text of [
      'the vault does not answer; what was fetched before is used',
      'no answer of this cluster from 10.77.1.52',
      'the vault does not answer; the password of role pontoon_standby stays',
      'the vault does not answer; the password of role pontoon stays',
    ])
      expect(east.read(LOG)).toContain(text);
    await expect(east.exec('ls', `${MARKS}/alone`)).rejects.toThrow('No such file');
    west.start();
    await waitFor('the standby', async () => (await followers(east)) === '1');
    rmSync(join(cloud, 'vault-is-away'));
  }

  async function promotedElsewhere(east: Machine, west: Machine): Promise<void> {
    await east.powerOff();
    await west.sql('SELECT pg_promote()');
    east.start();
    await logged(
      east,
      'failed: 10.77.1.52 is on timeline 2, after ours, which is 1: another server was promoted; make this one its standby',
    );
  }

  /** Data that was rewound, and is not yet marked as a standby's, is not started; a fresh copy is. */
  async function rejoined(east: Machine, west: Machine): Promise<void> {
    await west.sql('CHECKPOINT');
    await west.sql("SELECT pg_create_physical_replication_slot('pontoon_east')");
    for (const { text } of allowRewind('pontoon_standby'))
      await west.exec(
        ...['runuser', '-u', 'postgres', '--', 'psql', '-XAtqw', '-h', '/run/postgresql'],
        ...['-d', 'shop', '-c', text],
      );
    const script = (mode: RejoinMode): string =>
      renderRejoin({
        server: 'east',
        mode,
        binDirectory: `/usr/lib/postgresql/${DEBIAN.major}/bin`,
        dataDirectory: '/var/lib/pgsql/pontoon/data',
        configFile: '/etc/pontoon/postgresql.conf',
        conninfo:
          'host=10.77.1.52 user=pontoon_standby passfile=/etc/pontoon/passfile sslmode=verify-full sslrootcert=/etc/pontoon/primary-ca.pem',
        slot: 'pontoon_east',
        primary: 'west',
        timeline: 2,
        database: 'shop',
      });
    const start = 'START=systemctl start pontoon-boot';
    const host = async (text: string): Promise<string> =>
      await east.exec('env', 'STOP=true', start, 'bash', '-c', text);
    const raised = (): Promise<string> => east.exec('bash', SERVER_FILES.boot, 'raise');
    const [half = ''] = script(RejoinMode.REWIND).split('\n# What was copied');
    await host(half);
    await expect(raised()).rejects.toThrow();
    expect(east.read(LOG)).toContain('failed: the script that makes this server a standby');
    await east.exec('rm', `${MARKS}/rejoining`);
    await expect(raised()).rejects.toThrow();
    expect(east.read(LOG)).toContain('was copied or rewound from another server');
    await expect(host(script(RejoinMode.REWIND))).rejects.toThrow('copy afresh');
    await host(script(RejoinMode.COPY));
    await waitFor('the rejoined server', async () => (await followers(west)) === '1');
    expect(await east.sql('SELECT pg_is_in_recovery()')).toBe('t');
  }

  /** The control file still tells the old timeline then, as a checkpoint takes its time. */
  async function crashedAfterPromotion(east: Machine, west: Machine): Promise<void> {
    await east.powerOff();
    await west.powerOff();
    const began = west.read(LOG).length;
    west.start();
    const since = (): string => west.read(LOG).slice(began);
    await waitFor('the question', () => since().includes('waiting: no answer from 10.77.1.51'));
    await west.exec('touch', `${MARKS}/alone`);
    await waitFor('the promoted server', () => since().includes('the primary is ready'));
  }

  /** As its program names east as the primary, and only its address is made known to west. */
  async function addedAfterPromotion(west: Machine): Promise<Machine> {
    const hba = '/etc/pontoon/pg_hba.conf';
    await west.exec(
      'bash',
      '-c',
      `sed -n 's/10.77.1.51/10.77.1.53/p' ${hba} >/tmp/added; cat /tmp/added >>${hba}`,
    );
    await west.sql('SELECT pg_reload_conf()');
    const south = await boot('south');
    await logged(south, '10.77.1.52 is the primary now; it is copied instead of 10.77.1.51');
    await logged(south, 'streaming from 10.77.1.52:5432');
    expect(await south.sql('SELECT count(*) FROM orders')).toBe('1000');
    const slot = "SELECT active FROM pg_replication_slots WHERE slot_name = 'pontoon_south'";
    expect(await west.sql(slot)).toBe('t');
    return south;
  }

  /** Nobody has read from it for long. */
  async function losesSlot(machine: Machine, slot: string): Promise<void> {
    for (const statement of [
      `SELECT pg_drop_replication_slot('${slot}')`,
      `SELECT pg_create_physical_replication_slot('${slot}', true)`,
      "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'",
      'SELECT pg_reload_conf()',
      'SELECT pg_switch_wal()',
      "SELECT pg_logical_emit_message(true, 'pontoon', 'test')",
      'SELECT pg_switch_wal()',
    ])
      await machine.sql(statement);
    await waitFor('the loss of the slot', async () => {
      await machine.sql('CHECKPOINT');
      const status = `SELECT wal_status FROM pg_replication_slots WHERE slot_name = '${slot}'`;
      return (await machine.sql(status)) === 'lost';
    });
    await machine.sql('ALTER SYSTEM RESET max_slot_wal_keep_size');
    await machine.sql('SELECT pg_reload_conf()');
  }

  /** The first primary's volume is lost with its machine: no empty cluster begins. */
  async function replacedBlank(west: Machine): Promise<Machine> {
    const east = await boot('east', 'east-again');
    await logged(east, 'other servers have the data of the cluster; this one becomes a standby');
    await logged(east, 'streaming from 10.77.1.52:5432');
    expect(await east.sql('SELECT count(*) FROM orders')).toBe('1000');
    const slot = "SELECT active FROM pg_replication_slots WHERE slot_name = 'pontoon_east'";
    expect(await west.sql(slot)).toBe('t');
    expect(await east.exec('bash', SERVER_FILES.archiver, 'any')).toMatch(/^shop.0000/);
    return east;
  }

  /** The note is written once it was so for a minute, and goes at once. */
  async function notesWhomCommitsWaitFor(west: Machine, south: Machine): Promise<void> {
    const set = async (name: string, value: string): Promise<void> => {
      await west.sql(`ALTER SYSTEM SET ${name} = '${value}'`);
      await west.sql('SELECT pg_reload_conf()');
    };
    const minutes = async (count: number): Promise<string> => {
      const functions = "sed '/^mkdir -p .STATE/,$d' /opt/pontoon/boot.sh";
      await west.exec(
        'bash',
        '-c',
        `. <(${functions}); find_server; ${'note_quorum; '.repeat(count)}`,
      );
      return await west.sql('SELECT setconfig FROM pg_db_role_setting');
    };
    await set('synchronous_standby_names', 'ANY 1 ("south")');
    expect(await minutes(1)).toBe('');
    const noted = String.raw`{"pontoon.synchronous=ANY 1 (\"south\")"}`;
    expect(await minutes(2)).toBe(noted);
    await west.sql('INSERT INTO orders VALUES (1001)');
    await replayed(south, '1001');
    expect(await south.sql('SELECT setconfig FROM pg_db_role_setting')).toBe(noted);
    await west.exec('touch', `${MARKS}/unnoted`);
    expect(await minutes(2)).toBe('');
    await west.exec('rm', `${MARKS}/unnoted`);
    expect(await minutes(2)).toBe(noted);
    await set('synchronous_commit', 'local');
    await waitFor('the end of the note', async () => (await minutes(1)) === '');
  }

  async function followers(machine: Machine): Promise<string> {
    return await machine.sql('SELECT count(*) FROM pg_stat_replication');
  }

  async function followed(machine: Machine): Promise<boolean> {
    return (await machine.exec('ls', MARKS)).includes('followed');
  }

  /** What is there is never overwritten, and being told of the same twice is no failure. */
  async function refusesAnother(east: Machine, segment: string): Promise<void> {
    const again = (file: string) =>
      east.exec(
        'runuser',
        '-u',
        'postgres',
        '--',
        'bash',
        SERVER_FILES.archiver,
        'put',
        file,
        segment,
      );
    const file = `/var/lib/pgsql/pontoon/data/pg_wal/${segment}`;
    await east.exec('cp', join('/cloud/bucket', segment), '/tmp/same');
    await east.exec('chmod', '644', '/tmp/same');
    expect(await again('/tmp/same')).toBe('');
    await east.exec('bash', '-c', 'echo other >>/tmp/same');
    await expect(again('/tmp/same')).rejects.toThrow('does another cluster archive there?');
    expect(file).toContain(segment);
  }

  async function kept(machine: Machine): Promise<string[]> {
    return (await machine.exec('ls', '/cloud/bucket')).split('\n');
  }

  async function boot(
    server: 'east' | 'west' | 'south',
    name = server as string,
  ): Promise<Machine> {
    const home = join(directory, name);
    mkdirSync(home);
    symlinkSync(cloud, join(home, 'cloud'));
    const place = places.get(server) ?? network.addInstance();
    places.set(server, place);
    const machine = new Machine(home, tree, place);
    machines.push(machine);
    const volume = makeVolume(join(directory, `${name}-volume`), 600);
    volumes.push(volume);
    execFileSync('cp', ['-a', volume, join(home, 'by-id', 'data')]);
    const files = filesOf(renderUserData(await promised(server)));
    for (const [path, content] of Object.entries(files)) machine.write(path, content);
    machine.write(SERVER_FILES.boot, bootScript('debian'));
    const parameters = (files[SERVER_FILES.parameters] ?? '').replace(
      /^VOLUME_DEVICE=.*$/m,
      'VOLUME_DEVICE=/dev/disk/by-id/data',
    );
    machine.write(SERVER_FILES.parameters, parameters);
    machine.write('/etc/fstab', '');
    machine.write('/etc/systemd/system/firewalld.service', '[Service]\nExecStart=/bin/true\n');
    machine.write('/usr/local/bin/oci', OCI, 0o755);
    machine.write('/usr/local/bin/firewall-cmd', '#!/bin/sh\nexit 0\n', 0o755);
    machine.write('/user-data', 'systemctl enable --now pontoon-boot.service\n');
    machine.start();
    return machine;
  }

  function promised(server: string): Promise<Parameters<typeof renderUserData>[0]> {
    return new Promise((resolve) => serverFiles(argsOf(server)).apply(resolve));
  }

  function argsOf(server: string): PostgresHostArgs {
    const added = server === 'south' ? ADDED : {};
    const place = { platform: Platform.OCI_VM, majorVersion: DEBIAN.major, database: 'shop' };
    return {
      compartmentId: 'compartment',
      vcnId: 'vcn',
      subnetId: 'subnet',
      region: 'us-ashburn-1',
      availabilityDomain: 'ad',
      topology: {
        servers: Object.fromEntries(
          Object.keys({ ...ADDRESSES, ...added }).map((name) => [name, place]),
        ),
        links: ['west', ...Object.keys(added)].map((to) => ({
          kind: LinkKind.PHYSICAL,
          from: 'east',
          to,
        })),
      },
      server,
      addresses: { ...ADDRESSES, ...added },
      logins: {
        administrator: 'pontoon',
        administratorSecretId: 'administrator',
        standbySecretId: 'standby',
        secretsRegion: 'us-ashburn-1',
        administratorNetworks: ['10.77.1.0/24'],
      },
      tls: { caCertificate, sslMode: HostSslMode.VERIFY_FULL },
      certificateSecretId: `${server}-certificate`,
      keySecretId: `${server}-key`,
      machine: { imageId: 'image' },
      archive: { namespace: 'axyz', bucket: 'log', region: 'us-ashburn-1', prefix: 'shop' },
    };
  }
});

async function logged(machine: Machine, text: string): Promise<void> {
  await until(machine, `'${text}'`, () => machine.read(LOG).includes(text));
}

/** What was waited for in vain is said with all that the machine logged meanwhile. */
async function until(machine: Machine, what: string, condition: () => boolean): Promise<void> {
  await waitFor(what, condition).catch((error: Error) => {
    const logs = [LOG, '/var/log/pontoon-postgres.log'].map((log) => machine.read(log));
    throw new Error([error.message, ...logs].join('\n'), { cause: error });
  });
}

async function replayed(machine: Machine, count: string): Promise<void> {
  await waitFor(
    'the rows',
    async () => (await machine.sql('SELECT count(*) FROM orders')) === count,
  );
}

// Stand-in for OCI's command line: secrets and objects are files. An object that is there stays, without an error.
const OCI = `#!/bin/bash
set -eu
[[ $OCI_CLI_AUTH == instance_principal ]]
argument() { local name=$1; shift; while [[ $1 != "$name" ]]; do shift; done; printf '%s' "$2"; }
case "$1 $2 $3" in
  'secrets secret-bundle get')
    [[ ! -e /cloud/vault-is-away ]] || { echo 'no connection' >&2; exit 1; }
    base64 -w 0 "/cloud/secrets/$(argument --secret-id "$@")"
    ;;
  'os object put')
    name=$(argument --name "$@")
    [[ -e /cloud/bucket/\${name#shop/} ]] || cp "$(argument --file "$@")" "/cloud/bucket/\${name#shop/}"
    ;;
  'os object list')
    [[ $(argument --prefix "$@") == shop/ ]]
    ls /cloud/bucket | sed -n '1s/.*/{"data": [{"name": "shop\\/&"}]}/p'
    ;;
  'os object head')
    name=$(argument --name "$@")
    printf '{"content-md5": "%s"}' "$(openssl dgst -md5 -binary "/cloud/bucket/\${name#shop/}" | base64)"
    ;;
  'os object get')
    name=$(argument --name "$@")
    cp "/cloud/bucket/\${name#shop/}" "$(argument --file "$@")"
    ;;
  *) echo "the stand-in does not know: oci $*" >&2; exit 2 ;;
esac
`;
