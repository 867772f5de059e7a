import { PontoonError } from '../../postgres';
import { isRecord } from '../assembly';
import type { Server } from '../servers';

/**
 * Which server of this machine answers for an address of the template. Whatever connects, the handler, DMS, a
 * subscription, is sent there; nothing else of its properties is touched.
 */
export class AddressBook {
  private readonly servers = new Map<string, Server>();

  /** Has `server` answer for `host`. */
  public add(host: string, server: Server): void {
    this.servers.set(host, server);
  }

  /** The server that answers for `host`. */
  public find(host: string): Server {
    const server = this.servers.get(host);
    if (server !== undefined) return server;
    const known = [...this.servers.keys()].join(', ');
    throw new PontoonError(
      'UNKNOWN_ADDRESS',
      `address '${host}' must belong to a server of the rehearsal, which has ${known === '' ? 'none' : known}; is the server not in the topology?`,
    );
  }

  /** A copy of `value` in which every connection leads to the server of this machine that answers for it. */
  public redirect(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.redirect(item));
    if (!isRecord(value)) return value;
    const copy = Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.redirect(item)]),
    );
    return isConnection(value) ? { ...copy, ...this.connectionTo(value) } : copy;
  }

  private connectionTo(
    connection: { readonly host: string } & Readonly<Record<string, unknown>>,
  ): Record<string, unknown> {
    const server = this.find(connection.host);
    return {
      host: server.host,
      port: String(server.port),
      ...('caCertificate' in connection ? { caCertificate: server.caCertificate } : {}),
      // libpq before PostgreSQL 15 finds no address in a certificate, but names.
      ...(typeof connection.sslRootCert === 'string' && connection.sslRootCert !== ''
        ? { host: 'localhost', sslRootCert: server.caCertificateFile }
        : {}),
    };
  }
}

function isConnection(
  value: Readonly<Record<string, unknown>>,
): value is { readonly host: string } & Record<string, unknown> {
  return typeof value.host === 'string' && typeof value.server === 'string' && 'port' in value;
}
