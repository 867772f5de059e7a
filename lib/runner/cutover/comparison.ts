import { PontoonError } from '../../postgres';
import type { VerifyOptions } from '../verify/options';
import type { CutoverContext } from './context';
import { renamesOf } from './target-names';

/** What a comparison of both writers has to be told. */
export function comparisonOf(context: CutoverContext): VerifyOptions {
  const { from, to, selection } = context.plan;
  return {
    source: connectionOf(context, from),
    target: connectionOf(context, to),
    secrets: context.services.secrets,
    selection,
    ...renamesOf(context),
  };
}

function connectionOf(context: CutoverContext, server: string) {
  const connection = context.services.connections?.[server];
  if (connection !== undefined) return connection;
  throw new PontoonError(
    'NO_SESSION',
    `rows on '${server}' must be reachable to be compared, got no connection; add it`,
  );
}
