import { Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';

/**
 * What AWS DMS refuses in a password, and what shells, URLs and connection strings stumble over.
 *
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Endpoints.Creating.html
 */
const UNSAFE_CHARACTERS = ' %+~`#$&*()|[]{}:;<>?!\'/@"\\,.=^';

/** What a new login is for. */
export interface LoginOptions {
  /** The role's name. */
  readonly username: string;
  /** What the login is for, as the secret's description. */
  readonly description: string;
  /** The key that encrypts the secret. */
  readonly encryptionKey?: IKey;
}

/** A secret with a role's name and a generated password that AWS DMS accepts. */
export function createLogin(scope: Construct, id: string, options: LoginOptions): Secret {
  const { username, description, encryptionKey } = options;
  const secret = new Secret(scope, id, {
    description,
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username }),
      generateStringKey: 'password',
      passwordLength: 32,
      excludeCharacters: UNSAFE_CHARACTERS,
    },
  });
  Validations.of(secret).acknowledge({
    id: 'AwsSolutions-SMG4',
    reason:
      'The role gets its password with a deployment; a rotation on its own would stop the migration.',
  });
  return secret;
}
