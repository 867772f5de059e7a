import { counted, formatSeconds } from './format';
import { type Html, html } from './html';
import type { RehearsalReport, RehearsedStep } from './report';

/** Steps that took less are folded away, since nobody waits for them. */
const SHORT_SECONDS = 0.1;

/** What ran, and when: phases, then each resource. */
export function timelineSection({ phases, steps, seconds }: RehearsalReport): Html {
  const total = Math.max(
    seconds,
    ...[...phases, ...steps].map((one) => one.atSeconds + one.seconds),
    0.001,
  );
  const isShort = (step: RehearsedStep): boolean =>
    step.seconds < SHORT_SECONDS && step.status === 'done';
  const short = steps.filter(isShort);
  return html`<section aria-labelledby="ran">
<h2 id="ran">What ran</h2>
<p>Each bar stands where it ran within the ${formatSeconds(total)}.</p>
<h3>Phases</h3>
<ol class="bars">${phases.map((phase) => bar({ ...phase, label: html`${phase.title}` }, total))}</ol>
<h3>Resources of the stack</h3>
<ol class="bars">${steps.filter((step) => !isShort(step)).map((step) => stepBar(step, total))}</ol>
${
  short.length === 0
    ? undefined
    : html`<details><summary>${counted(short.length, short.length === steps.length ? 'step' : 'more step')} of less than ${formatSeconds(SHORT_SECONDS)} each</summary><ol class="bars">${short.map((step) => stepBar(step, total))}</ol></details>`
}
</section>`;
}

function stepBar(step: RehearsedStep, total: number): Html {
  const label = html`<span class="action">${step.action}</span> ${breakable(step.type)} <code>${breakable(step.logicalId)}</code>`;
  return bar({ ...step, label }, total);
}

interface Bar {
  readonly label: Html;
  readonly atSeconds: number;
  readonly seconds: number;
  readonly status: 'done' | 'failed';
  readonly action?: 'create' | 'delete';
  readonly detail?: string;
}

function bar({ label, atSeconds, seconds, status, action, detail }: Bar, total: number): Html {
  const left = percent(atSeconds / total);
  const width = percent(seconds / total);
  return html`<li class="${status} ${action ?? 'phase'}"><span class="label">${status === 'failed' ? html`<b>failed</b> ` : undefined}${label}${
    detail === undefined ? undefined : html`<small>${detail}</small>`
  }</span><span class="track" aria-hidden="true"><i style="left:${left};width:${width}"></i></span><span class="time">${formatSeconds(seconds)}</span></li>`;
}

function percent(part: number): string {
  return `${(Math.min(1, Math.max(0, part)) * 100).toFixed(3)}%`;
}

/** Lets a long name wrap where its words meet. */
function breakable(name: string): Html {
  const parts = name.split(/(?<=::)|(?<=[a-z0-9])(?=[A-Z])/);
  return html`${parts.flatMap((part, index) => (index === 0 ? [part] : [html`<wbr>`, part]))}`;
}
