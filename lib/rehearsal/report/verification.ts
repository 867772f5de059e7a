import { formatCount } from './format';
import { type Html, html } from './html';
import type { RehearsalReport, VerifiedTable } from './report';

const STATUSES: Readonly<Record<VerifiedTable['status'], string>> = {
  same: '✓ same',
  differs: '✗ differs',
  unchecked: '? unchecked',
};

/** Each table, compared; those that are not the same first. */
export function verificationSection({ verification }: RehearsalReport): Html {
  if (verification.length === 0) {
    return html`<section aria-labelledby="verified"><h2 id="verified">Verification</h2><p>No table was compared.</p></section>`;
  }
  const order = ['differs', 'unchecked', 'same'];
  const tables = verification.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return html`<section aria-labelledby="verified">
<h2 id="verified">Verification</h2>
<p>Rows counted, and checksums over every value, on the source and on the target.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="verified"><table>
<thead><tr><th scope="col">Table</th><th scope="col">Result</th><th scope="col" class="number">Source rows</th><th scope="col" class="number">Target rows</th></tr></thead>
<tbody>${tables.map(row)}</tbody></table></div>
</section>`;
}

function row({ table, status, sourceRows, targetRows, reason }: VerifiedTable): Html {
  return html`<tr class="${status}"><th scope="row"><code>${table}</code>${
    reason === undefined ? undefined : html`<small>${reason}</small>`
  }</th><td><span class="status">${STATUSES[status]}</span></td><td class="number">${rows(sourceRows)}</td><td class="number">${rows(targetRows)}</td></tr>`;
}

function rows(count: number | undefined): string {
  return count === undefined ? '–' : formatCount(count);
}
