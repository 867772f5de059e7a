import { counted, formatBytes, formatCount, formatSeconds } from './format';
import { type Html, html } from './html';
import type { LagSample, RehearsalReport } from './report';

/** How a rehearsal ended: `unchecked` if nothing failed, but something could not be compared. */
export type Verdict = 'passed' | 'failed' | 'unchecked';

/** How `report` ended. */
export function verdictOf(report: RehearsalReport): Verdict {
  if (report.ok) return 'passed';
  return report.problems.length === 0 ? 'unchecked' : 'failed';
}

const SENTENCES: Readonly<Record<Verdict, string>> = {
  passed: 'Every row arrived, and nothing was left behind.',
  failed: 'The rehearsal failed.',
  unchecked: 'Not everything could be checked.',
};

const MARKS: Readonly<Record<Verdict, string>> = { passed: '✓', failed: '✗', unchecked: '?' };

/** The head of the page: the verdict first, then why. */
export function verdictSection(report: RehearsalReport): Html {
  const { stack, migration, startedAt, seconds, pontoon } = report;
  const verdict = verdictOf(report);
  const problems = [...report.problems, ...report.unchecked];
  return html`<header class="verdict ${verdict}">
<p class="eyebrow">Rehearsal of ${stack}</p>
<h1><span class="mark" aria-hidden="true">${MARKS[verdict]}</span> ${SENTENCES[verdict]}</h1>
${problems.length === 0 ? undefined : html`<ul class="problems">${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`}
<p class="meta">${formatSeconds(seconds)} · <time datetime="${startedAt}">${readableTime(startedAt)}</time> · construct <code>${migration}</code> · pontoon ${pontoon}</p>
</header>
${figures(report)}`;
}

function figures(report: RehearsalReport): Html {
  const { workload, verification, latencyMs, samples, steps } = report;
  const same = verification.filter(({ status }) => status === 'same').length;
  const behind =
    highest(samples, 'standbyToTargetBytes') ?? highest(samples, 'sourceToTargetBytes');
  const cells: readonly (readonly [string, string, string])[] = [
    ['Rows to copy', formatCount(workload.seeded), 'on the source before the copy began'],
    ['Rows written', formatCount(workload.written), 'while everything ran'],
    ['Tables the same', `${same} of ${verification.length}`, 'counted and compared, every value'],
    ...(latencyMs === undefined
      ? []
      : ([
          [
            'Latency',
            `${Math.round(latencyMs.median)} ms`,
            `median; 95 % within ${Math.round(latencyMs.p95)} ms, at most ${Math.round(latencyMs.max)} ms`,
          ],
        ] as const)),
    ...(behind === undefined
      ? []
      : ([['Furthest behind', formatBytes(behind), 'the target, in WAL']] as const)),
    [
      'Resources played',
      formatCount(steps.filter(({ action }) => action === 'create').length),
      `created; ${counted(steps.filter(({ action }) => action === 'delete').length, 'deletion')}`,
    ],
  ];
  return html`<dl class="figures">${cells.map(
    ([name, value, note]) =>
      html`<div><dt>${name}</dt><dd><strong>${value}</strong><span>${note}</span></dd></div>`,
  )}</dl>`;
}

/** The highest value of `key`; undefined if no sample has one. */
export function highest(samples: readonly LagSample[], key: keyof LagSample): number | undefined {
  const values = samples.flatMap((sample) => sample[key] ?? []);
  return values.length === 0 ? undefined : Math.max(...values);
}

function readableTime(iso: string): string {
  return iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}
