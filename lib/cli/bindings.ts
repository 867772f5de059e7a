import { type Connection, Problems, Reader, readConnection } from '../postgres';
import type { Arguments } from './arguments';
import { withCertificates } from './connections';
import type { Io } from './io';
import type { Migration } from './migration';
import type { Option } from './option';
import { readJsonFile } from './read-json';
import { asUsage, UsageError } from './usage-error';

/** The option that says where the servers of a topology are. */
export const BINDINGS_OPTION: Readonly<Record<string, Option>> = {
  bindings: {
    value: 'FILE',
    description:
      'where the servers are, as JSON: {"<server>": {"host", "port", "database", "secret", "sslMode", "caCertificate"}}; caCertificateFile names a PEM file; secret is env:PREFIX or file:/path',
  },
};

/** Where the servers are, by name. What the assembly knows as a plain value need not be given. Throws a UsageError. */
export function readBindings(
  options: Arguments,
  io: Io,
  migration: Migration,
): ReadonlyMap<string, Connection> {
  const { value, directory } = readJsonFile(io, options.required('bindings'), 'bindings');
  const given = withCertificates(value, directory);
  return asUsage(() => {
    const problems = new Problems();
    const servers = new Reader(given, 'bindings', problems).everything();
    const connections = Object.entries(servers).flatMap(([server, binding]) => {
      const known = Object.keys(migration.topology.servers);
      if (known.includes(server)) {
        const reader = new Reader(
          withPlainValues(binding, migration, server),
          `bindings.${server}`,
          problems,
        );
        const connection = readConnection(reader);
        reader.refuseTheRest();
        return [[server, connection] as const];
      }
      problems.add(
        `'bindings.${server}' must be a server of the topology, which has ${known.join(', ')}; correct the name`,
      );
      return [];
    });
    problems.throwIfAny(`'--bindings'`);
    return new Map(connections);
  });
}

/** The connection of `server`. Throws a UsageError if it has none. */
export function bindingOf(bindings: ReadonlyMap<string, Connection>, server: string): Connection {
  const connection = bindings.get(server);
  if (connection !== undefined) return connection;
  throw new UsageError(`'bindings.${server}' must be given, got nothing; add it to the file`);
}

/** `binding` over what is known before anything is deployed: the database, and values that are no expressions. */
function withPlainValues(
  binding: unknown,
  { topology, bindings }: Migration,
  server: string,
): unknown {
  if (typeof binding !== 'object' || binding === null || Array.isArray(binding)) return binding;
  const database = topology.servers[server]?.database;
  const recorded = Object.entries(bindings[server] ?? {}).filter(
    // A secret's ARN is of no use here, where logins come from the environment or files.
    ([key, value]) => key !== 'secret' && !value.startsWith('{'),
  );
  return { port: 5432, database, ...Object.fromEntries(recorded), ...binding, server };
}
