import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { PontoonError } from '../../../postgres';
import { isRecord, recordOf } from '../../assembly';
import { readLines, readSettings } from '../../cloud/host-files';
import type { RegisteredResource } from '../../pulumi-program/registered-resource';
import { resourcesOf } from '../deployment';

const INSTANCE = 'oci:Core/instance:Instance';

/** What a host of a cluster is told by its user data. */
export interface ClusterHost {
  /** Settings of postgresql.conf. */
  readonly settings: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf. */
  readonly hba: readonly string[];
}

/**
 * Reads the user data of each host among `resources`, by the name of its server.
 *
 * @throws PontoonError with code NO_HOST_FILE unless each of `servers` has a host that writes what a server needs.
 */
export function readClusterHosts(
  resources: readonly RegisteredResource[],
  servers: readonly string[],
): ReadonlyMap<string, ClusterHost> {
  const found = new Map<string, ClusterHost>();
  for (const { given } of resourcesOf({ resources }, INSTANCE)) {
    const files = writtenFiles(String(recordOf(given.metadata).user_data ?? ''));
    const [name, host] = readHost(files) ?? [];
    if (name !== undefined && host !== undefined) found.set(name, host);
  }
  const missing = servers.filter((name) => !found.has(name));
  if (missing.length === 0) return found;
  throw new PontoonError(
    'NO_HOST_FILE',
    `each server of the cluster must have a host whose user data writes settings, access rules and the server's name, got none for ${missing.map((name) => `'${name}'`).join(', ')}; make its hosts by StreamingCluster`,
  );
}

/** The files that cloud-init is to write, by their paths. */
function writtenFiles(userData: string): ReadonlyMap<string, string> {
  const text = unzipped(Buffer.from(userData, 'base64'));
  if (!text.startsWith('#cloud-config')) return new Map();
  const { write_files: files } = recordOf(parse(text));
  return new Map(
    (Array.isArray(files) ? files : [])
      .filter(isRecord)
      .map(({ path, content, encoding }) => [String(path), decoded(String(content), encoding)]),
  );
}

function decoded(content: string, encoding: unknown): string {
  const encoded = typeof encoding === 'string' && /b64|base64/.test(encoding);
  return encoded ? unzipped(Buffer.from(content, 'base64')) : content;
}

function unzipped(bytes: Buffer): string {
  const isZipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isZipped ? gunzipSync(bytes) : bytes).toString('utf8');
}

function readHost(files: ReadonlyMap<string, string>): [string, ClusterHost] | undefined {
  const file = (ending: string) => [...files].find(([path]) => path.endsWith(ending))?.[1];
  const [told, settings, hba] = [file('/server.env'), file('settings.conf'), file('/pg_hba.conf')];
  const [, name] = /^SERVER='?([^'\n]+)'?$/m.exec(told ?? '') ?? [];
  if (name === undefined || settings === undefined || hba === undefined) return undefined;
  return [name, { settings: readSettings(settings), hba: readLines(hba) }];
}
