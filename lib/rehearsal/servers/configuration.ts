import { PontoonError } from '../../postgres';
import type { Shim } from './shims';

/** Settings that the rehearsal decides, whatever a template or ALTER SYSTEM says: value and reason. */
export interface ForcedSettings {
  readonly [name: string]: { readonly value: string; readonly reason: string };
}

/** Where a server's own files lie. */
export interface ServerPlaces {
  readonly port: number;
  readonly socketDirectory: string;
  readonly hbaFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The settings that every server of a rehearsal is started with. They are given on its command line. */
export function forcedSettings(places: ServerPlaces): ForcedSettings {
  const ownFile = 'the file lies in the rehearsal’s temporary directory';
  return {
    port: { value: String(places.port), reason: 'several servers share this machine' },
    listen_addresses: { value: '127.0.0.1', reason: 'a rehearsal talks on loopback only' },
    unix_socket_directories: { value: places.socketDirectory, reason: ownFile },
    hba_file: { value: places.hbaFile, reason: ownFile },
    ssl: { value: 'on', reason: 'every connection of a rehearsal is encrypted' },
    ssl_cert_file: { value: places.certificateFile, reason: ownFile },
    ssl_key_file: { value: places.keyFile, reason: ownFile },
    logging_collector: { value: 'off', reason: 'the rehearsal reads the log from one file' },
    log_destination: { value: 'stderr', reason: 'the rehearsal reads the log from one file' },
    fsync: { value: 'off', reason: 'the data does not outlive the rehearsal, and disks are slow' },
    dynamic_shared_memory_type: {
      value: 'mmap',
      reason: 'a server that is killed leaves nothing in /dev/shm, which is small in containers',
    },
  };
}

/** Differences that hold for every server, and those that override one of `settings`. */
export function settingShims(
  forced: ForcedSettings,
  settings: Readonly<Record<string, string>>,
): readonly Shim[] {
  const always = new Set(['fsync', 'dynamic_shared_memory_type']);
  return Object.entries(forced).flatMap(([name, { value, reason }]) => {
    const asked = settings[name];
    if (asked !== undefined && asked !== value) {
      return [{ name: `${name} = ${value} instead of ${asked}`, reason }];
    }
    return always.has(name) ? [{ name: `${name} = ${value}`, reason }] : [];
  });
}

/** `settings` as a configuration file; later entries win. */
export function renderSettings(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${requireSettingName(name)} = ${quoteSetting(value)}\n`)
    .join('');
}

/** The pg_hba.conf of a server: `lines`, after one by which the rehearsal itself gets in. */
export function renderHba(superuser: string, lines: readonly string[]): string {
  const own = `local all "${superuser}" scram-sha-256`;
  return `${[own, ...lines].join('\n')}\n`;
}

/** Lines that let every role in from this machine, encrypted and with its password. */
export const LOOPBACK_HBA: readonly string[] = [
  'hostssl all all 127.0.0.1/32 scram-sha-256',
  'hostssl replication all 127.0.0.1/32 scram-sha-256',
];

function requireSettingName(name: string): string {
  if (/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)*$/.test(name)) return name;
  throw new PontoonError(
    'INVALID_SETTING',
    `a server setting must have a name of letters, digits and '_', got ${JSON.stringify(name)}; correct it`,
  );
}

function quoteSetting(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "''")
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
  return `'${escaped}'`;
}
