import { awsSecrets, ociSecrets } from '../endpoints';
import type { SecretStore } from '../postgres';
import { environmentSecrets } from '../runner';
import type { Io } from './io';

/** Secrets by ARN, by OCID, or on this machine. */
export function anySecrets({ environment }: Pick<Io, 'environment'>): SecretStore {
  const [here, aws, oci] = [environmentSecrets(environment), awsSecrets(), ociSecrets()];
  const storeOf = (reference: string): SecretStore => {
    if (reference.startsWith('arn:')) return aws;
    return reference.startsWith('ocid1.') ? oci : here;
  };
  return { get: (reference, options) => storeOf(reference).get(reference, options) };
}
