import { asSuperuser } from '../source';
import type { Act } from './act';

/** Proves what applications were told: each acknowledged write is there once, on the new writer. */
export const account: Act = {
  name: 'account',
  title: 'Count what applications were told',
  async play({ context, target, targetDatabase }, { applications }) {
    const check = await asSuperuser(
      target,
      targetDatabase,
      async (client) => await applications.check(client),
    );
    context.findings.writes = check;
    for (const kind of ['missing', 'doubled', 'unexpected'] as const) {
      const [first] = check[kind];
      if (first !== undefined) {
        context.findings.problems.push(
          `${check[kind].length} of ${check.acknowledged} acknowledged writes are ${kind}, the first being ${JSON.stringify(first)}`,
        );
      }
    }
  },
};
