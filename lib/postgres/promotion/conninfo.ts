import { PontoonError } from '../errors';
import { quoteConninfo } from '../identifiers';

/** Where a standby is to stream from. */
export interface StreamSource {
  readonly host: string;
  readonly port: number;
  /** What the standby calls itself there. */
  readonly applicationName: string;
}

/**
 * `conninfo` with another server in it; how to log in there stays as it is, since all servers of a cluster let the
 * same role in.
 *
 * @throws PontoonError with code NO_CONNINFO if `server` has none that can be read.
 */
export function repointConninfo(conninfo: string, server: string, to: StreamSource): string {
  const parameters = parseConninfo(conninfo, server);
  // An address goes before the host's name, and would lead to the old primary.
  parameters.delete('hostaddr');
  parameters.set('host', to.host);
  parameters.set('port', String(to.port));
  parameters.set('application_name', to.applicationName);
  return renderConninfo(parameters);
}

/** Whether `server` streams from whoever is at `host` and `port`, as far as its `conninfo` says; it may name several. */
export function leadsTo(
  conninfo: string,
  server: string,
  { host, port }: Pick<StreamSource, 'host' | 'port'>,
): boolean {
  if (conninfo.trim() === '') return false;
  const parameters = parametersOfUri(conninfo) ?? parseConninfo(conninfo, server);
  const ports = (parameters.get('port') ?? '5432').split(',');
  return ['host', 'hostaddr'].some((name) =>
    (parameters.get(name) ?? '')
      .split(',')
      .some((one, index) => one === host && Number(ports[index] ?? ports[0]) === port),
  );
}

/** Where `postgresql://user@host:port,host:port/database?name=value` leads to; undefined for what is no URI. */
function parametersOfUri(conninfo: string): Map<string, string> | undefined {
  const uri = /^\s*postgres(?:ql)?:\/\/(?:[^@/?]*@)?([^/?]*)[^?]*(?:\?(.*))?$/su.exec(conninfo);
  if (uri === null) return undefined;
  const [, places = '', rest = ''] = uri;
  const found = places
    .split(',')
    .map((place) => /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/u.exec(place) ?? []);
  return new Map([
    ['host', found.map(([, address, name]) => decodeURIComponent(address ?? name ?? '')).join(',')],
    ['port', found.map(([, , , port = '']) => (port === '' ? '5432' : port)).join(',')],
    ...new URLSearchParams(rest.trimEnd()),
  ]);
}

/** `parameters` as a connection string. */
export function renderConninfo(parameters: ReadonlyMap<string, string>): string {
  return [...parameters].map(([name, value]) => `${name}=${quoteConninfo(value)}`).join(' ');
}

/** Whether `conninfo` holds a password, so that it must not be shown. */
export function holdsPassword(conninfo: string): boolean {
  return /(^|\s)password\s*=/.test(conninfo);
}

/** Reads `name = value` pairs of `server`, of which a value with blanks stands in quotes. */
export function parseConninfo(conninfo: string, server: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const pair = /\s*(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|$)/suy;
  const text = conninfo.trimEnd();
  while (pair.lastIndex < text.length) {
    const [, name, quoted, bare] = pair.exec(text) ?? [];
    if (name === undefined) throw unreadable(server, conninfo);
    parameters.set(name, (quoted ?? bare ?? '').replaceAll(/\\(.)/gsu, '$1'));
  }
  if (parameters.size === 0) throw unreadable(server, conninfo);
  return parameters;
}

function unreadable(server: string, conninfo: string): PontoonError {
  return new PontoonError(
    'NO_CONNINFO',
    `'primary_conninfo' on '${server}' must be written as name=value pairs, got ${conninfo.trim() === '' ? 'nothing' : 'something else'}; set it there, and run this again`,
  );
}
