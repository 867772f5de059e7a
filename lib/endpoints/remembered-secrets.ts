import type { Secret, SecretStore } from '../postgres';

/**
 * Secrets that `fetchSecret` gets by a client. Each is fetched once per process, and again when it is asked for fresh.
 */
export function rememberedSecrets<Client>(
  createClient: () => Promise<Client>,
  fetchSecret: (client: Promise<Client>, reference: string) => Promise<Secret>,
): SecretStore {
  const known = new Map<string, Promise<Secret>>();
  let client: Promise<Client> | undefined;
  return {
    get: (reference, { fresh = false } = {}) => {
      const found = fresh ? undefined : known.get(reference);
      if (found !== undefined) return found;
      client ??= createClient();
      const secret = fetchSecret(client, reference);
      known.set(reference, secret);
      // A failure is told to who asked, and not remembered.
      secret.catch(() => known.delete(reference));
      return secret;
    },
  };
}
