import type { ClientBase } from 'pg';

/** What a step begins with that tells what a server warned of. */
export const SERVER_WARNING = 'warning of the server: ';

/** What an extension warns of; PostgreSQL has codes of its own for what it says of each of a thousand tables. */
const WARNING = '01000';

/** Adds to what `work` says it did what the server warned of meanwhile, such as a slot elsewhere that it could not drop. */
export async function withWarnings<Result extends { readonly steps: readonly string[] }>(
  client: ClientBase,
  work: () => Promise<Result>,
): Promise<Result> {
  const warnings: string[] = [];
  const hear = (said: { code?: string | undefined; message?: string | undefined }): void => {
    if (said.code === WARNING) warnings.push(SERVER_WARNING + said.message);
  };
  client.on('notice', hear);
  try {
    const result = await work();
    return { ...result, steps: [...result.steps, ...warnings] };
  } finally {
    client.off('notice', hear);
  }
}
