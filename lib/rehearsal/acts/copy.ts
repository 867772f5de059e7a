import { waitForRows } from '../checks/compare';
import type { Act } from './act';
import { CATCH_UP_MS } from './scene';

/** Waits until what was there before has arrived on the target. */
export const copy: Act = {
  name: 'copy',
  title: 'Copy what is there',
  async play(scene, { source }) {
    const { recorder, signal, chain } = scene.context;
    await scene.withBoth(source.server, async (from, to) => {
      await waitForRows(from, to, {
        tables: source.tables.filter(({ selected }) => selected),
        selection: chain.selection,
        deadlineMs: CATCH_UP_MS,
        onProgress: (detail) => recorder.progress(detail),
        ...(signal === undefined ? {} : { signal }),
      });
    });
  },
};
