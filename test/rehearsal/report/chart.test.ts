import { readFileSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import type { RehearsalReport } from '../../../lib/rehearsal';
import { INVENTED_REPORT, INVENTED_SWITCHES } from './invented-report';

const SCRIPT = readFileSync(
  require.resolve('../../../lib/rehearsal/report/page-script.js'),
  'utf8',
);

/** What the script does to the canvas, and where uPlot has left it. */
interface Canvas {
  readonly ctx: object;
  readonly bbox: { readonly top: number; readonly height: number };
  valToPos(value: number): number;
}

interface ChartOptions {
  readonly hooks: { readonly drawAxes: readonly ((canvas: Canvas) => void)[] };
}

/** The options with which the page's script draws the chart of `report`, in place of a browser. */
function chartOf(report: RehearsalReport): ChartOptions {
  const charts: ChartOptions[] = [];
  class Chart {
    public static readonly paths = { linear: () => undefined };
    constructor(options: ChartOptions) {
      charts.push(options);
    }
  }
  const elements: Record<string, object> = {
    chart: { clientWidth: 800 },
    report: { textContent: JSON.stringify(report) },
  };
  const browser = createContext({
    uPlot: Chart,
    addEventListener: () => undefined,
    devicePixelRatio: 1,
    document: { documentElement: {}, getElementById: (id: string) => elements[id] ?? null },
    getComputedStyle: () => ({ getPropertyValue: (name: string) => name }),
    matchMedia: () => ({ addEventListener: () => undefined }),
    ResizeObserver: class {
      public observe(): void {
        // Nothing is resized.
      }
    },
  });
  runInContext(SCRIPT, browser);
  const [chart, ...others] = charts;
  if (chart === undefined || others.length > 0) throw new Error('the script draws one chart');
  return chart;
}

/** The rectangles and texts that are drawn beneath the lines, at 10 pixels for each second. */
function marksOf(report: RehearsalReport): { shaded: unknown[]; texts: unknown[] } {
  const shaded: unknown[] = [];
  const texts: unknown[] = [];
  const ctx = {
    save: () => undefined,
    restore: () => undefined,
    translate: () => undefined,
    rotate: () => undefined,
    fillRect: (...place: number[]) => shaded.push(place.map(Math.round)),
    fillText: (text: string) => texts.push(text),
  };
  const canvas: Canvas = { ctx, bbox: { top: 5, height: 300 }, valToPos: (value) => value * 10 };
  for (const draw of chartOf(report).hooks.drawAxes) draw(canvas);
  return { shaded, texts };
}

test('the chart shades the time of each switch, darker while nobody could write, and names it', () => {
  expect(marksOf(INVENTED_SWITCHES)).toEqual({
    shaded: [
      [150, 5, 5, 300],
      [155, 5, 3, 300],
      // Of the second it is not known when it began.
      [152, 5, 2, 300],
    ],
    texts: ['Cut over', 'Roll back'],
  });
});

test('the chart of a rehearsal without switches shades nothing', () => {
  expect(marksOf(INVENTED_REPORT)).toEqual({ shaded: [], texts: [] });
});
