import type { Reader } from './reader';

/** The certificate authorities of Amazon RDS and Aurora, which need not be written out. */
export const RDS_AUTHORITIES = 'aws-rds';

/** How to reach one database. It names the secret to log in with, and never holds it. */
export interface Connection {
  /** The server's name in the topology. */
  readonly server: string;
  /** Host name or IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** The database. */
  readonly database: string;
  /** Where the user name and password are kept: an ARN, an OCID or a local name. Never the secret itself. */
  readonly secret: string;
  /**
   * What is verified of the server's certificate: `verify-full` its chain and its name or address, `verify-ca` its
   * chain only.
   *
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly sslMode: 'verify-full' | 'verify-ca';
  /** The certificates to trust, in PEM; or `aws-rds` for those of Amazon RDS and Aurora. */
  readonly caCertificate: string;
}

/** Reads a connection out of plain data; `sslMode` is `verify-full` unless it is given. */
export function readConnection(reader: Reader): Connection {
  const connection: Connection = {
    server: reader.text('server'),
    host: reader.text('host'),
    port: reader.integer('port', 1),
    database: reader.name('database'),
    secret: reader.text('secret'),
    sslMode: reader.choice('sslMode', ['verify-full', 'verify-ca'], 'verify-full'),
    caCertificate: reader.text('caCertificate'),
  };
  checkConnection(connection, reader);
  return connection;
}

function checkConnection(
  { host, port, database, caCertificate }: Connection,
  reader: Reader,
): void {
  if (host.startsWith('/')) {
    reader.refuse(
      'host',
      'must be a host name or an IP address',
      'connections go through TCP with TLS, never through a socket',
    );
  }
  for (const [key, text] of [
    ['host', host],
    ['database', database],
  ] as const) {
    if (text.includes('://')) {
      reader.refuse(
        key,
        'cannot be a connection string',
        "give 'host', 'port' and 'database' one by one, and by 'secret' where the login is kept",
      );
    }
  }
  if (port > 65_535) reader.refuse('port', 'must be at most 65535', 'correct it');
  const isPem = caCertificate.includes('-----BEGIN CERTIFICATE-----');
  if (!isPem && caCertificate !== RDS_AUTHORITIES && caCertificate !== '') {
    reader.refuse(
      'caCertificate',
      `must be certificates in PEM or '${RDS_AUTHORITIES}'`,
      'give the text of the file, not its name',
    );
  }
}
