import { sessionsOfRunner } from '../../postgres';
import type { CutoverContext } from './context';

export async function lookAtRunner(context: CutoverContext): Promise<string | undefined> {
  const row = await context.runOne(context.plan.from, sessionsOfRunner());
  if (row === undefined) return undefined;
  const application = row.application === '' ? '' : ` (${String(row.application)})`;
  return `'${String(row.role)}'${application}, process ${String(row.pid)}`;
}
