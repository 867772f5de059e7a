import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chainSection } from './chain';
import { differencesSection, remainsSection } from './differences';
import { html, raw } from './html';
import { lagSection } from './lag';
import type { RehearsalReport } from './report';
import { switchesSection } from './switches';
import { timelineSection } from './timeline';
import { verdictOf, verdictSection } from './verdict';
import { verificationSection } from './verification';

/** What the browser may do with the page: nothing beyond what stands in it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/**
 * `report` as one HTML file that loads nothing: style, chart and data stand in it. It can be read without scripts, on a
 * phone, in the dark, and on paper.
 */
export function renderReportPage(report: RehearsalReport): string {
  const chart = report.samples.length > 0;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.stack}: rehearsal ${verdictOf(report)}</title>
<style>${raw(chart ? textOf(require.resolve('uplot/dist/uPlot.min.css')) : '')}
${raw(beside('page.css'))}</style>
</head>
<body>
<main>
${verdictSection(report)}
${chainSection(report)}
${switchesSection(report)}
${timelineSection(report)}
${lagSection(report)}
${verificationSection(report)}
${differencesSection(report)}
${remainsSection(report)}
</main>
<footer><p>Written by pontoon ${report.pontoon}. The same in JSON: <code>report.json</code>, beside this file.</p></footer>
<script type="application/json" id="report">${raw(embeddedJson(report))}</script>
${chart ? html`<script>${raw(textOf(require.resolve('uplot/dist/uPlot.iife.min.js')))}</script>` : undefined}<script>${raw(beside('page-script.js'))}</script>
</body>
</html>
`.text;
}

/** JSON that ends no script element, whatever it holds. */
function embeddedJson(report: RehearsalReport): string {
  return JSON.stringify(report).replaceAll('<', '\\u003c');
}

function beside(file: string): string {
  return textOf(join(__dirname, file));
}

function textOf(file: string): string {
  return readFileSync(file, 'utf8');
}
