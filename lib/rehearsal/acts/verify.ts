import { concludeRows } from '../checks/conclusions';
import type { Act } from './act';

/** Compares every row, and sees whether metrics were published until then. */
export const verify: Act = {
  name: 'verify',
  title: 'Compare every row',
  async play({ context, metrics, target }, { source }) {
    if (metrics.published === 0)
      context.findings.problems.push('no metric was published; look at the log of the handler');
    await concludeRows(context, source.server, target);
  },
};
