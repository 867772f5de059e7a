import type { CutoverContext } from './context';

/** Where clients are sent, if not to the old writer. What cannot be asked now could not be told behind the fence either. */
export async function lookAtEndpoint(context: CutoverContext): Promise<string | undefined> {
  const { endpoint } = context.services;
  if (endpoint === undefined) return undefined;
  const active = await context.inTime('see where clients are sent', () => endpoint.active());
  return active === context.plan.from ? undefined : `'${active}'`;
}
