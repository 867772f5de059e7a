import { Evaluator, stackIdentity } from '../assembly';
import type { RecordedMigration } from '../migration';

/** Where a stack without an account and a region is played. */
export const PLACE = { account: '111111111111', region: 'us-east-1' } as const;

/** A field of a server's binding, with its expression evaluated; it may refer to nothing that has to be made first. */
export function evaluateBinding(
  { bindings, stack }: RecordedMigration,
  server: string,
  field: string,
): string {
  const text = bindings[server]?.[field] ?? '';
  if (!text.startsWith('{')) return text;
  const evaluator = new Evaluator({
    identity: stackIdentity(
      stack.stackName,
      stack.account ?? PLACE.account,
      stack.region ?? PLACE.region,
    ),
    template: stack.template,
    parameters: new Map(),
    ssmParameters: new Map(),
    reference: () => undefined,
    attribute: () => undefined,
    importValue: () => undefined,
    stackOutput: () => undefined,
    availabilityZones: () => [],
    dynamicReference: () => undefined,
  });
  return String(evaluator.evaluate(JSON.parse(text), `Metadata.Pontoon.${server}.${field}`));
}
