import { PontoonError } from '../../postgres';

/** An error about what stands at `at` in a template, such as `Resources.Topic.Properties.Name`. */
export function problem(at: string, text: string): PontoonError {
  return new PontoonError('TEMPLATE', `'${at}' ${text}`);
}
