import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rehearsalSummary } from '../../../lib/cli/rehearsal-summary';
import {
  type RehearsalReport,
  renderReportPage,
  verdictOf,
  writeReport,
} from '../../../lib/rehearsal';
import { INVENTED_FAILURE, INVENTED_REPORT, INVENTED_SWITCHES } from './invented-report';

const HOSTILE = `</script><img src=x onerror=alert(1)>&"'<!--`;

/** The report with `text` in place of every text that is not one of the format's own words. */
function poison(value: unknown, text: string): unknown {
  if (Array.isArray(value)) return value.map((item) => poison(item, text));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        ['status', 'action'].includes(key) ? item : poison(item, text),
      ]),
    );
  }
  return typeof value === 'string' ? text : value;
}

/** What a reader sees, without scripts, styles and tags. */
function visibleText(page: string): string {
  return page
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<wbr>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\u202f/g, '')
    .replace(/\s+/g, ' ');
}

function embedded(page: string): unknown {
  const [, json = ''] =
    /<script type="application\/json" id="report">([\s\S]*?)<\/script>/.exec(page) ?? [];
  return JSON.parse(json);
}

describe.each([
  ['passed', INVENTED_REPORT],
  ['failed', INVENTED_FAILURE],
])('the page of a rehearsal that %s', (verdict, report) => {
  const page = renderReportPage(report);

  test('holds the report itself', () => {
    expect(verdictOf(report)).toBe(verdict);
    expect(embedded(page)).toEqual(report);
  });

  test('shows everything that the JSON has', () => {
    const text = visibleText(page);
    const texts = [
      report.stack,
      report.migration,
      report.pontoon,
      ...report.problems,
      ...report.unchecked,
      ...report.servers.flatMap(({ name, version, role }) => [name, version, role]),
      ...report.phases.map(({ title }) => title),
      ...report.steps.flatMap(({ logicalId, type, detail }) => [logicalId, type, detail ?? '']),
      ...report.verification.flatMap(({ table, reason, sourceRows, targetRows }) => [
        table,
        reason ?? '',
        String(sourceRows ?? '–'),
        String(targetRows ?? '–'),
      ]),
      ...report.standIns.flatMap(({ name, reason, behaviours }) => [name, reason, ...behaviours]),
      ...report.shims.flatMap(({ name, reason }) => [name, reason]),
      ...report.notPlayed.flatMap(({ type, reason }) => [type, reason]),
      ...report.leftovers,
      ...report.secretScan.places,
      ...report.secretScan.notSearched.flatMap(({ place, reason }) => [place, reason]),
      String(report.workload.seeded),
      String(report.workload.written),
    ];
    for (const one of texts) expect(text).toContain(one);
  });

  test('loads nothing, and could not', () => {
    expect(page).toContain(
      'content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; script-src &#39;unsafe-inline&#39;"',
    );
    expect(page).not.toMatch(/<(?:link|img|iframe|object|embed|base|form|audio|video|source)\b/i);
    expect(page).not.toMatch(/<script[^>]*\ssrc|@import|url\(|\shref=/i);
  });
});

test.each([INVENTED_REPORT, INVENTED_SWITCHES])('nothing in a report becomes markup', (report) => {
  const hostile = poison(report, HOSTILE) as RehearsalReport;
  const page = renderReportPage(hostile);
  expect(page).not.toContain('<img');
  expect(page).not.toContain('<!--');
  expect(page.match(/<script/g)).toHaveLength(
    renderReportPage(report).match(/<script/g)?.length ?? 0,
  );
  expect(embedded(page)).toEqual(hostile);
});

test('says that something is unchecked, if nothing else is wrong', () => {
  const report: RehearsalReport = {
    ...INVENTED_REPORT,
    ok: false,
    unchecked: INVENTED_FAILURE.unchecked,
    verification: INVENTED_FAILURE.verification.filter(({ status }) => status !== 'differs'),
  };
  expect(verdictOf(report)).toBe('unchecked');
  expect(visibleText(renderReportPage(report))).toContain('? Not everything could be checked.');
});

test('shows how long applications could not write, and what they were told', () => {
  const text = visibleText(renderReportPage(INVENTED_SWITCHES));
  expect(text).toContain(
    'Cut over Gates 1031 ms, FencedToOpen 212 ms aurora 341 ms 1402 ms 187 ms',
  );
  expect(text).toContain('Roll back onPremises – – 164 ms');
  expect(text).toContain(
    'Of 61642 writes that were acknowledged, also to applications that do not wait for the disk, 7 are missing on the last writer, 8 are there twice, and 9 rows are there that nobody wrote.',
  );
  expect(text).toContain(
    'Shaded: while writers were switched; darker: from the fence to the opening.',
  );
  const without = visibleText(renderReportPage(INVENTED_REPORT));
  expect(without).not.toContain('Switches between writers');
  expect(without).not.toContain('Shaded');
});

test('shows what switches cost, one with another', () => {
  expect(visibleText(renderReportPage(INVENTED_SWITCHES))).not.toContain('All');
  const [first] = INVENTED_SWITCHES.switches;
  if (first === undefined) throw new Error('the report must have a switch');
  const switches = [
    first,
    { ...first, medianMs: 300, longestMs: 2_003 },
    { ...first, medianMs: 377, longestMs: 400 },
  ];
  const report = { ...INVENTED_SWITCHES, switches };
  expect(visibleText(renderReportPage(report))).toContain('All 3 341 ms 2003 ms');
  expect(rehearsalSummary(report, 'page.html')).toContain(
    '\n  all 3      341 ms median, 2003 ms at worst\n',
  );
});

test('draws no chart of nothing', () => {
  const page = renderReportPage({ ...INVENTED_REPORT, samples: [] });
  expect(page).not.toContain('id="chart"');
  expect(page).not.toContain('uPlot=');
  expect(visibleText(page)).toContain('No lag was measured.');
});

test('is written beside its JSON, in place of older ones', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-report-'));
  try {
    writeReport(INVENTED_FAILURE, join(directory, 'new'));
    const files = writeReport(INVENTED_REPORT, join(directory, 'new'));
    const json = readFileSync(files.json, 'utf8');
    expect(JSON.parse(json)).toEqual(INVENTED_REPORT);
    expect(embedded(readFileSync(files.html, 'utf8'))).toEqual(JSON.parse(json));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
