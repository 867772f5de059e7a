import { measureLatency } from '../workload/latency';
import type { Act } from './act';
import { CATCH_UP_MS } from './scene';

const ROUNDS = 25;
const PAUSE_MS = 100;

/** Times single changes on their way to the target, while the applications write. */
export const flow: Act = {
  name: 'flow',
  title: 'Live changes',
  async play(scene, { source, table }) {
    scene.context.findings.latency = await scene.withBoth(source.server, (from, to) =>
      measureLatency(from, to, {
        table,
        rounds: ROUNDS,
        pauseMs: PAUSE_MS,
        deadlineMs: CATCH_UP_MS,
      }),
    );
  },
};
