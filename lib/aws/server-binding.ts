import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { DependencyGroup, type IDependable } from 'constructs';

/** How a server's certificate is checked. */
export enum SslMode {
  /** The chain and the name: the host must be a name or address that the certificate holds. */
  VERIFY_FULL = 'verify-full',
  /** The chain only, for a server that is reached under a name that its certificate does not hold. */
  VERIFY_CA = 'verify-ca',
}

/**
 * Where a PostgreSQL server is. All of it may be known only at deployment. A change of it takes effect in place for
 * objects, endpoints and subscriptions, and replaces the instance of a standby that follows the server.
 */
export interface ServerAddress {
  /** The host name or address under which this VPC reaches the server. */
  readonly host: string;
  /**
   * The port.
   *
   * @default 5432
   */
  readonly port?: number;
  /**
   * How the server's certificate is checked.
   *
   * @default SslMode.VERIFY_FULL
   * @see https://www.postgresql.org/docs/current/libpq-ssl.html
   */
  readonly sslMode?: SslMode;
}

/** Where a server of the topology is, and how to log in there. All of it may be known only at deployment. */
export interface ServerBindingProps extends ServerAddress {
  /** The server's name in the topology. */
  readonly server: string;
  /** The database. */
  readonly database: string;
  /** The login with which objects are made: JSON with `username` and `password`. */
  readonly secret: ISecret;
  /** The PEM text of the certificates that may sign the server's, or `aws-rds` for those of Amazon RDS. */
  readonly caCertificate: string;
}

/** A server of the topology with its address and login, and with what must stand as long as anything is done there. */
export class ServerBinding {
  /** The server's name in the topology. */
  public readonly server: string;
  /** The host name or address. */
  public readonly host: string;
  /** The port. */
  public readonly port: number;
  /** The database. */
  public readonly database: string;
  /** The login with which objects are made. */
  public readonly secret: ISecret;
  /** The PEM text of the certificates that may sign the server's, or `aws-rds`. */
  public readonly caCertificate: string;
  /** How the certificate is checked. */
  public readonly sslMode: SslMode;
  /** What every object on this server waits for, and outlives none of. */
  public readonly reachable = new DependencyGroup();

  constructor(props: ServerBindingProps) {
    this.server = props.server;
    this.host = props.host;
    this.port = props.port ?? 5432;
    this.database = props.database;
    this.secret = props.secret;
    this.caCertificate = props.caCertificate;
    this.sslMode = props.sslMode ?? SslMode.VERIFY_FULL;
    this.reachable.add(props.secret);
  }

  /** Has every object on this server wait for `dependencies`, such as network rules, and be deleted before them. */
  public dependsOn(...dependencies: IDependable[]): void {
    this.reachable.add(...dependencies);
  }

  /** The connection as custom resources carry it: the secret only by its ARN. */
  public toConnection(): Record<string, string | number> {
    return {
      server: this.server,
      host: this.host,
      port: this.port,
      database: this.database,
      secret: this.secret.secretArn,
      sslMode: this.sslMode,
      caCertificate: this.caCertificate,
    };
  }
}
