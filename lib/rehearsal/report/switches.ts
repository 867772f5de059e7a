import { formatCount } from './format';
import { type Html, html } from './html';
import type { RehearsalReport, RehearsedSwitch } from './report';

/** How long applications could not write, and what they were told. Nothing if no switch was rehearsed. */
export function switchesSection({ switches, workload }: RehearsalReport): Html | undefined {
  if (switches.length === 0) return undefined;
  return html`<section aria-labelledby="switches">
<h2 id="switches">Switches between writers</h2>
<p>For how long applications had no write acknowledged: each from its last on the old side to its first on the new one. In the cloud the services that are asked meanwhile take longer.</p>
${told(workload)}
<div class="scroll" tabindex="0" role="region" aria-labelledby="switches"><table>
<thead><tr><th scope="col">Switch</th><th scope="col">New writer</th><th scope="col" class="number">Outage, median</th><th scope="col" class="number">at most</th><th scope="col" class="number">Fence to opening</th><th scope="col" class="number">Tables compared meanwhile</th></tr></thead>
<tbody>${switches.map(row)}</tbody>${all(switches)}</table></div>
</section>`;
}

/** What several switches cost, one with another; undefined for less than two that applications were seen to make. */
export function outageOfAll(
  switches: readonly RehearsedSwitch[],
): { readonly count: number; readonly medianMs: number; readonly longestMs: number } | undefined {
  const medians = switches.flatMap(({ medianMs }) => medianMs ?? []).toSorted((a, b) => a - b);
  const [medianMs] = medians.slice(Math.floor(medians.length / 2));
  if (medianMs === undefined || medians.length < 2) return undefined;
  const longestMs = Math.max(...switches.map((one) => one.longestMs ?? 0));
  return { count: medians.length, medianMs, longestMs };
}

function all(switches: readonly RehearsedSwitch[]): Html | undefined {
  const outage = outageOfAll(switches);
  if (outage === undefined) return undefined;
  const { count, medianMs, longestMs } = outage;
  return html`<tfoot><tr><th scope="row" colspan="2">All ${formatCount(count)}</th><td class="number">${milliseconds(medianMs)}</td><td class="number">${milliseconds(longestMs)}</td><td colspan="2"></td></tr></tfoot>`;
}

function row({
  title,
  to,
  medianMs,
  longestMs,
  closedMs,
  compared,
  states,
  loss,
}: RehearsedSwitch): Html {
  const tasks = [
    ...states.map(({ name, ms }) => `${name} ${milliseconds(ms)}`),
    ...(loss === undefined ? [] : [loss]),
  ].join(', ');
  return html`<tr><th scope="row">${title}<small>${tasks}</small></th><td><code>${to}</code></td><td class="number">${milliseconds(medianMs)}</td><td class="number">${milliseconds(longestMs)}</td><td class="number">${milliseconds(closedMs)}</td><td class="number">${formatCount(compared.tables)} of ${formatCount(compared.of)}</td></tr>`;
}

function told({ told: counts }: RehearsalReport['workload']): Html | undefined {
  if (counts === undefined) return undefined;
  const { acknowledged, missing, doubled, unexpected } = counts;
  return html`<p>Of ${formatCount(acknowledged)} writes that were acknowledged, also to applications that do not wait for the disk, ${formatCount(missing)} are missing on the last writer, ${formatCount(doubled)} are there twice, and ${formatCount(unexpected)} rows are there that nobody wrote.</p>`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '–' : `${formatCount(value)} ms`;
}
