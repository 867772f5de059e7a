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
  return {
    server: reader.text('server'),
    host: reader.text('host'),
    port: reader.integer('port', 1),
    database: reader.name('database'),
    secret: reader.text('secret'),
    sslMode: reader.choice('sslMode', ['verify-full', 'verify-ca'], 'verify-full'),
    caCertificate: reader.text('caCertificate'),
  };
}
