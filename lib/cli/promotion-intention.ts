import { describeLoss } from '../postgres';
import type { PromotionDryRun } from '../runner';

/** A script of which every line could be read by psql, with what is no SQL as comments. */
export function promotionScript(found: PromotionDryRun): string[] {
  const lines = intention(found).map((line) => `-- ${line}`);
  let [step, where] = ['', ''];
  for (const action of found.actions) {
    if (action.step !== step) lines.push('', `-- ${action.step}`);
    if (action.step !== step || action.server !== where) lines.push(`-- at ${action.server}`);
    [step, where] = [action.step, action.server];
    const given = action.values.map((value, index) => `$${index + 1} = ${JSON.stringify(value)}`);
    lines.push(`${action.what};${given.length === 0 ? '' : ` -- ${given.join(', ')}`}`);
  }
  return lines;
}

/** What a promotion would do, in the words in which somebody is asked about it. */
export function intention(found: PromotionDryRun): string[] {
  const { from, to, promoted, fenced, loss, standbys, following, remarks } = found;
  const followed =
    following.length === 0
      ? []
      : [`'${promoted ? to : from}' is followed by ${following.join(', ')}`];
  if (promoted)
    return [
      `'${to}' is the primary already; what is left to do after '${from}' is done.`,
      ...followed,
      ...remarks,
    ];
  return [
    ...followed,
    ...standbys.map(
      ({ server, timeline, position }) =>
        `'${server}' has the log up to ${position} of timeline ${timeline}`,
    ),
    `'${to}' becomes the primary in place of '${from}', ${fenced ? 'which is fenced first: its clients are sent away' : 'which is declared lost'}.`,
    describeLoss(loss, from),
    ...remarks,
  ];
}
