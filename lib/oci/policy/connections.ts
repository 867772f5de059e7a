import { commandTexts } from './commands';
import { hostText } from './host-text';
import { type ReplicationPolicy, record } from './policy';

const COMMAND = 'command:remote:Command';
/** What sends something to a host. */
const SENDERS = [COMMAND, 'command:remote:CopyToRemote', 'command:remote:CopyFile'];
const INSTANCE = 'oci:Core/instance:Instance';
const VERIFIED = ['verify-full', 'verify-ca'];

/** Servers talk to each other by TLS, and know whom they talk to. */
export const verifiedTls: ReplicationPolicy = {
  name: 'pontoon-verified-tls',
  description: 'Connections are encrypted, and certificates are checked.',
  enforcementLevel: 'mandatory',
  validateResource: ({ type, props }, report) => {
    if (type === INSTANCE)
      for (const line of openLines(hostText(props)))
        report(
          `pg_hba.conf must ask for TLS and a password that is never sent, got '${line}'; write hostssl and scram-sha-256`,
        );
    const modes = [
      ...(type === COMMAND ? sslModes(inputOf(props)) : []),
      ...Object.entries(commandTexts(type, props)).flatMap(([what, text]) => written(what, text)),
    ];
    for (const [path, mode] of modes)
      if (!VERIFIED.includes(mode))
        report(
          `'${path}' must be ${VERIFIED.join(' or ')}, got ${mode}; otherwise nobody checks who answers`,
        );
  },
};

/** Whoever is sent commands is known by a key. */
export const knownHosts: ReplicationPolicy = {
  name: 'pontoon-known-hosts',
  description: 'Commands are sent to hosts whose keys are known, and change in place.',
  enforcementLevel: 'mandatory',
  validateResource: ({ type, props }, report) => {
    if (!SENDERS.includes(type)) return;
    const connection = record(props.connection);
    const hosts = {
      connection,
      ...(connection.proxy === undefined ? {} : { 'connection.proxy': record(connection.proxy) }),
    };
    for (const [path, { hostKey }] of Object.entries(hosts))
      if (hostKey === undefined || hostKey === '')
        report(
          `'${path}.hostKey' must be the host's public key, got nothing; any host would be trusted`,
        );
    if (props.delete !== undefined && props.triggers !== undefined)
      report(
        "'triggers' cannot be given beside 'delete', since a replacement drops after it applied; give 'update'",
      );
  },
};

/** What a command reads. Nothing is said about what is not JSON. */
function inputOf({ stdin }: Readonly<Record<string, unknown>>): unknown {
  if (typeof stdin !== 'string') return undefined;
  try {
    return JSON.parse(stdin);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function sslModes(value: unknown, path = ''): [string, string][] {
  if (Array.isArray(value)) return value.flatMap((item) => sslModes(item, path));
  return Object.entries(record(value)).flatMap(([key, item]): [string, string][] => {
    const name = path === '' ? key : `${path}.${key}`;
    return key === 'sslMode' ? [[name, String(item)]] : sslModes(item, name);
  });
}

/** What `text`, such as a connection string, says of it. What a shell or a format puts there is not known. */
function written(what: string, text: string): [string, string][] {
  return [...text.matchAll(/\b(?:PG)?sslmode=["']?([a-z][a-z-]*)/gi)].map(([, mode = '']) => [
    `sslmode' in '${what}`,
    mode.toLowerCase(),
  ]);
}

/** Lines by which somebody is let in over the network without TLS, or without SCRAM. */
function openLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^host(ssl|nossl|gssenc|nogssenc)?\s+\S+\s+\S+\s+\S+/.test(line))
    .filter((line) => !/\s(127\.0\.0\.1\/32|::1\/128)\s/.test(line) && !/\sreject\b/.test(line))
    .filter((line) => !/^hostssl\s/.test(line) || /\s(trust|password|md5)\b/.test(line));
}
