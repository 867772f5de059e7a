import { measureLatency } from '../workload/latency';
import type { Act } from './act';
import { CATCH_UP_MS } from './scene';

/** Stops the applications, and waits for their last change. */
export const catchUp: Act = {
  name: 'catch-up',
  title: 'Catch up',
  async play(scene, workload) {
    const { source, table } = workload;
    await workload.stopWriting();
    const { switches } = scene.context.findings;
    const back = switches.at(-1)?.to === scene.context.chain.target;
    // A row that is written after all others arrives after all others.
    await scene.withBoth(source.server, (old, target) =>
      measureLatency(back ? target : old, back ? old : target, {
        table,
        rounds: 1,
        pauseMs: 0,
        deadlineMs: CATCH_UP_MS,
      }),
    );
  },
};
