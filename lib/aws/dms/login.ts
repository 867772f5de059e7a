import { Stack, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  CfnSecret,
  CfnSecretTargetAttachment,
  type ISecret,
  Secret,
} from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import type { Problems } from '../../postgres';
import type { ServerBinding } from '../server-binding';

/** What AWS DMS refuses in a password. */
const REFUSED = [...';.:+{}*&,%\\'];

/** What stumbles elsewhere: shells, URLs, connection strings. */
const UNHANDY = [...' ~`#$()|[]<>?!\'/@"=^'];

/** A login for AWS DMS. */
export interface DmsLoginProps {
  /** The server where the login is used: AWS DMS takes the address from the secret. */
  readonly server: ServerBinding;
  /** The role's name. Changing it generates another password. */
  readonly username: string;
  /**
   * The key that encrypts the secret. Changing it takes effect in place.
   *
   * @default - the key that AWS manages
   */
  readonly encryptionKey?: IKey;
}

/** A generated login with all that AWS DMS wants in a secret: `username`, `password`, `host` and `port`. */
export class DmsLogin extends Construct {
  /** The secret. */
  public readonly secret: ISecret;

  constructor(scope: Construct, id: string, { server, username, encryptionKey }: DmsLoginProps) {
    super(scope, id);
    const template = { username, host: server.host, port: server.port };
    this.secret = new Secret(this, 'Resource', {
      description: `The login of AWS DMS on ${server.server}`,
      generateSecretString: {
        secretStringTemplate: Stack.of(this).toJsonString(template),
        generateStringKey: 'password',
        passwordLength: 32,
        excludeCharacters: [...REFUSED, ...UNHANDY].join(''),
      },
      ...(encryptionKey === undefined ? {} : { encryptionKey }),
    });
    Validations.of(this.secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'AWS DMS keeps the login while a task runs; a rotation would stop the migration.',
    });
  }
}

/** Keeps what would keep AWS DMS from logging in with `secret`, as far as the app itself says what it holds. */
export function checkLogin(
  scope: IConstruct,
  secret: ISecret,
  what: string,
  problems: Problems,
): void {
  const stack = Stack.of(scope);
  const arn: unknown = stack.resolve(secret.secretArn);
  problems.addIf(
    JSON.stringify(arn).includes('MasterUserSecret.SecretArn'),
    `'${what}' cannot be the password that Amazon RDS manages, which holds neither host nor port, got the cluster's master user secret; make a role of its own for AWS DMS, with a DmsLogin`,
  );
  const definition = definitionOf(secret);
  const generated = definition?.generateSecretString;
  if (generated === undefined || !('generateStringKey' in generated)) return;
  const missing = REFUSED.filter((char) => !(generated.excludeCharacters ?? '').includes(char));
  problems.addIf(
    missing.length > 0 && generated.excludePunctuation !== true,
    `'${what}' must exclude the characters that AWS DMS refuses in a password, got a generated one that may hold ${missing.map((char) => `'${char}'`).join(', ')}; add them to 'excludeCharacters' or use a DmsLogin`,
  );
  const attached = secret.node.defaultChild instanceof CfnSecretTargetAttachment;
  const template = JSON.stringify(stack.resolve(generated.secretStringTemplate) ?? '');
  const absent = ['username', 'host', 'port'].filter((key) => !template.includes(`\\"${key}\\"`));
  problems.addIf(
    absent.length > 0 && !attached,
    `'${what}' must hold 'username', 'password', 'host' and 'port' for AWS DMS, got a generated one without ${absent.map((key) => `'${key}'`).join(', ')}; add them to 'secretStringTemplate' or use a DmsLogin`,
  );
}

function definitionOf(secret: ISecret): CfnSecret | undefined {
  const child = secret.node.defaultChild;
  if (child instanceof CfnSecret) return child;
  if (!(child instanceof CfnSecretTargetAttachment)) return undefined;
  // An attachment is made inside of the secret that it completes.
  const outer = secret.node.scope?.node.defaultChild;
  return outer instanceof CfnSecret ? outer : undefined;
}
