import type { StandIn } from '../servers';
import type { OciRoute } from './oci-endpoint';
import { notFound } from './oci-error';

/** What takes the place of OCI Vault. Each behaviour is the name of a test. */
export const VAULT_STAND_IN: StandIn = {
  name: 'OCI Vault',
  reason: 'it runs only in OCI; programs reach this one through PONTOON_OCI_ENDPOINT',
  behaviours: [
    'a secret is read by its OCID, in its current version',
    'a secret that is not there is refused as one that may not be read',
  ],
  notReproduced: ['policies, and keys that secrets are encrypted with'],
};

/** A stand-in for the secrets of OCI Vault. */
export class Vault {
  private readonly secrets = new Map<string, readonly string[]>();

  /** Keeps `text` as the current version of a secret. */
  public put(secretId: string, text: string): void {
    this.secrets.set(secretId, [...(this.secrets.get(secretId) ?? []), text]);
  }

  /** The current version of a secret. */
  public find(secretId: string): string | undefined {
    return this.secrets.get(secretId)?.at(-1);
  }

  /** What it answers. */
  public get routes(): OciRoute[] {
    return [
      {
        method: 'GET',
        path: /^\/20190301\/secretbundles\/([^/]+)$/,
        answer: ({ path: [secretId = ''] }) => ({ body: this.bundle(secretId) }),
      },
    ];
  }

  private bundle(secretId: string): object {
    const versions = this.secrets.get(secretId);
    const text = versions?.at(-1);
    if (versions === undefined || text === undefined) throw notFound(`secret ${secretId}`);
    return {
      secretId,
      versionNumber: versions.length,
      stages: ['CURRENT', 'LATEST'],
      secretBundleContent: {
        contentType: 'BASE64',
        content: Buffer.from(text).toString('base64'),
      },
    };
  }
}
