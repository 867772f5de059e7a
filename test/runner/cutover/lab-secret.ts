import { createSecret, PontoonError, type Secret, type SecretStore } from '../../../lib/postgres';
import { randomPassword } from '../../../lib/rehearsal/servers';
import { scramVerifier } from '../../../lib/runner';

/** Where the login of the role that replicates is. */
export const READER = 'env:READER_';

/** Where the login of the runner is. */
export const ADMIN = 'secret:admin';

/** The secret of the role that replicates. */
export class ReaderSecret implements SecretStore {
  private version = 0;
  private secret = this.next();

  constructor(private readonly admin: Secret) {}

  public get verifier(): string {
    return scramVerifier(this.secret.password);
  }

  public renew(): void {
    this.secret = this.next();
  }

  public async get(reference: string): Promise<Secret> {
    if (reference === READER) return this.secret;
    if (reference === ADMIN) return this.admin;
    throw new PontoonError('SECRET_UNAVAILABLE', `no '${reference}'`);
  }

  private next(): Secret {
    this.version += 1;
    return createSecret({
      username: 'reader',
      password: randomPassword(),
      version: String(this.version),
    });
  }
}
