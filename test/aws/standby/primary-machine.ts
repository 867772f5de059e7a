import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { quoteLiteral } from '../../../lib/postgres';
import { Machine, waitFor } from './machine';
import { FIXED_ADDRESS, PRIMARY_ADDRESS } from './network';

/** The role by which the standby replicates; a name that needs quoting everywhere. */
export const REPLICATION_ROLE = "Replica O'Brien";

/** Starts a primary that admits the replication role over TLS from the fixed address only. */
export async function startPrimary(options: {
  readonly directory: string;
  readonly tree: string;
  readonly namespace: string;
  readonly major: number;
  readonly password: string;
  readonly slots: readonly string[];
}): Promise<{ machine: Machine; caCertificate: string }> {
  const machine = new Machine(join(options.directory, 'primary'), options.tree, options.namespace);
  const caCertificate = makeCertificates(machine, options.directory);
  machine.write('/start.sh', startScript(options.major), 0o755);
  machine.write('/user-data', 'exec bash /start.sh &\n');
  machine.start();
  await waitFor('the primary', async () => {
    const [log, ready] = [machine.read('/var/log/user-data.log'), 'ready to accept connections'];
    return log.split(ready).length > 1 && (await machine.exec('true')) === '';
  });
  const role = `"${REPLICATION_ROLE}"`;
  await machine.sql(
    `CREATE ROLE ${role} REPLICATION LOGIN PASSWORD ${quoteLiteral(options.password)}`,
  );
  for (const slot of options.slots) {
    await machine.sql(`SELECT pg_create_physical_replication_slot(${quoteLiteral(slot)}, true)`);
  }
  await machine.sql("ALTER SYSTEM SET archive_command = 'a setting of the primary only'");
  await machine.sql('CREATE TABLE events (id int PRIMARY KEY, note text)');
  await machine.sql(
    "INSERT INTO events SELECT n, repeat('x', 500) FROM generate_series(1, 20000) n",
  );
  return { machine, caCertificate };
}

function startScript(major: number): string {
  const bin = `/usr/lib/postgresql/${major}/bin`;
  return `set -eu
install -d -m 700 -o postgres -g postgres /srv/a
install -m 600 -o postgres -g postgres /tls/server.key /srv/server.key
runuser -u postgres -- ${bin}/initdb -N -D /srv/a --locale=en_US.UTF-8 -A peer
cat >>/srv/a/postgresql.conf <<CONF
listen_addresses = '${PRIMARY_ADDRESS}'
unix_socket_directories = '/run/postgresql'
wal_level = logical
max_connections = 137
max_wal_senders = 13
checkpoint_completion_target = 0
ssl = on
ssl_cert_file = '/tls/server.crt'
ssl_key_file = '/srv/server.key'
CONF
cat >/srv/a/pg_hba.conf <<HBA
local all postgres peer
hostssl replication "${REPLICATION_ROLE}" ${FIXED_ADDRESS}/32 scram-sha-256
HBA
exec runuser -u postgres -- ${bin}/postgres -D /srv/a
`;
}

/** A certificate authority, and a certificate for the primary's address. */
function makeCertificates(machine: Machine, directory: string): string {
  const work = join(directory, 'tls');
  mkdirSync(work, { recursive: true });
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: work, stdio: 'pipe' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=CA',
    '-days',
    '2',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  const san = ['-addext', `subjectAltName=IP:${PRIMARY_ADDRESS}`];
  openssl('req', ...key, '-subj', '/CN=a', ...san, '-keyout', 'a.key', '-out', 'a.csr');
  const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions', 'copy'];
  openssl('x509', '-req', '-in', 'a.csr', ...sign, '-days', '2', '-out', 'a.crt');
  machine.write('/tls/server.crt', readFileSync(join(work, 'a.crt'), 'utf8'));
  machine.write('/tls/server.key', readFileSync(join(work, 'a.key'), 'utf8'));
  return readFileSync(join(work, 'ca.crt'), 'utf8');
}
