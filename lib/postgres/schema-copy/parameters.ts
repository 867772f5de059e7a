/** What the script is told, as parameters of the SSM document. All but the plain ones are base64, so that nothing in them is read as shell. */
export interface SchemaCopyParameters {
  /** Host name or address of the target. */
  readonly host: string;
  /** Its port. */
  readonly port: string;
  /** Where the target's login is kept: an ARN or a name in Secrets Manager. */
  readonly secret: string;
  /** `verify-full` or `verify-ca`. */
  readonly sslMode: string;
  /** The target's database, base64. */
  readonly database: string;
  /** The PEM text of the certificates that may sign the target's, base64. */
  readonly caCertificate: string;
  /** The source's database, base64. */
  readonly sourceDatabase: string;
  /** The schemas to copy: base64, separated by spaces. */
  readonly schemas: string;
  /** What the ledger on the target will say: JSON, base64. */
  readonly entry: string;
}

/** What the parameters may consist of: SSM refuses anything else before the script is made of them. */
export const SCHEMA_COPY_PATTERNS: Readonly<Record<keyof SchemaCopyParameters, string>> = {
  host: '^[A-Za-z0-9.:_-]+$',
  port: '^[0-9]{1,5}$',
  secret: '^[A-Za-z0-9:/_+=.@!-]+$',
  sslMode: '^verify-(full|ca)$',
  database: '^[A-Za-z0-9+/=]+$',
  caCertificate: '^[A-Za-z0-9+/=]+$',
  sourceDatabase: '^[A-Za-z0-9+/=]+$',
  schemas: '^[A-Za-z0-9+/= ]+$',
  entry: '^[A-Za-z0-9+/=]+$',
};
