import { concludeRows } from '../checks/conclusions';
import type { Act } from './act';
import type { StackScene } from './stack-scene';

/** Compares every row. */
export const compareRows: Act = {
  name: 'verify',
  title: 'Compare every row',
  async play({ context, target }, { source }) {
    await concludeRows(context, source.server, target);
  },
};

/** The same, and sees whether metrics were published until then. */
export const verify: Act<StackScene> = {
  ...compareRows,
  async play(scene, workload) {
    if (scene.metrics.published === 0)
      scene.context.findings.problems.push(
        'no metric was published; look at the log of the handler',
      );
    await compareRows.play(scene, workload);
  },
};
