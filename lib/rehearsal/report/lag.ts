import { formatBytes, formatCount, formatSeconds } from './format';
import { type Html, html } from './html';
import type { LagSample, RehearsalReport } from './report';

/** One line of the chart, and one row of the table below it. */
interface Series {
  readonly key: keyof LagSample;
  readonly name: string;
  readonly format: (value: number) => string;
}

const SERIES: readonly Series[] = [
  { key: 'sourceToStandbyBytes', name: 'Source to standby', format: formatBytes },
  { key: 'standbyToTargetBytes', name: 'Standby to target', format: formatBytes },
  { key: 'sourceToTargetBytes', name: 'Source to target', format: formatBytes },
  { key: 'sourceToStandbySeconds', name: 'Source to standby, in time', format: formatSeconds },
  {
    key: 'writesPerSecond',
    name: 'Rows written a second',
    format: (value) => formatCount(Math.round(value)),
  },
];

/** How far behind each server was, as a chart and in figures. */
export function lagSection({ samples, switches }: RehearsalReport): Html {
  const rows = SERIES.flatMap(({ key, name, format }) => {
    const values = samples.flatMap((sample) => sample[key] ?? []);
    const last = values.at(-1);
    if (last === undefined) return [];
    const median = values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? last;
    return [{ name, cells: [median, Math.max(...values), last].map(format) }];
  });
  if (rows.length === 0) {
    return html`<section aria-labelledby="lag"><h2 id="lag">Lag</h2><p>No lag was measured.</p></section>`;
  }
  return html`<section aria-labelledby="lag">
<h2 id="lag">Lag</h2>
<p>How much of the source’s log each server still had to take in, while rows were being written.${switches.length === 0 ? '' : ' Shaded: while writers were switched; darker: from the fence to the opening.'}</p>
<div id="chart" role="img" aria-label="Lag over time; the table below has its figures"></div>
<table class="figures-table"><thead><tr><th scope="col"></th><th scope="col">median</th><th scope="col">at most</th><th scope="col">at the end</th></tr></thead>
<tbody>${rows.map(({ name, cells }) => html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody></table>
</section>`;
}
