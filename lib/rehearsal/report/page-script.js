// Runs in the browser, at the end of the page and after uPlot.

// On paper nobody can unfold anything.
addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details:not([open])')) {
    details.open = true;
    addEventListener('afterprint', () => (details.open = false), { once: true });
  }
});

// Draws the lag of the embedded report into #chart.
(() => {
  const place = document.getElementById('chart');
  const { samples, phases, switches } = JSON.parse(document.getElementById('report').textContent);
  if (place === null) return;

  const dark = matchMedia('(prefers-color-scheme: dark)');
  let plot;

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const column = (key) => samples.map((sample) => sample[key] ?? null);
  const has = (key) => samples.some((sample) => sample[key] !== undefined);

  function bytes(value) {
    const units = ['B', 'kB', 'MB', 'GB', 'TB'];
    const unit = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
    const scaled = value / 1024 ** unit;
    return `${scaled.toFixed(unit === 0 || scaled >= 10 ? 0 : 1)} ${units[unit]}`;
  }

  /** Steps of the axis that are round in units of 1024. */
  const byteSteps = Array.from({ length: 50 }, (_, power) => 2 ** power);

  function lines() {
    const paths = uPlot.paths.linear();
    return [
      {
        key: 'sourceToStandbyBytes',
        label: 'source to standby',
        stroke: color('--line-1'),
        scale: 'bytes',
      },
      {
        key: 'standbyToTargetBytes',
        label: 'standby to target',
        stroke: color('--line-2'),
        scale: 'bytes',
      },
      {
        key: 'sourceToTargetBytes',
        label: 'source to target',
        stroke: color('--line-2'),
        scale: 'bytes',
      },
      {
        key: 'writesPerSecond',
        label: 'rows written a second',
        stroke: color('--line-3'),
        scale: 'rows',
        dash: [4, 4],
      },
    ]
      .filter(({ key }) => has(key))
      .map((line) => ({
        ...line,
        paths,
        width: 2,
        spanGaps: true,
        points: { show: samples.length < 3 },
        value: (_plot, value, _series, index) =>
          isNowhere(index) ? `at most ${format(line, highest(line.key))}` : format(line, value),
      }));
  }

  function format({ scale }, value) {
    if (value === null) return '–';
    return scale === 'bytes' ? bytes(value) : String(Math.round(value));
  }

  const highest = (key) => Math.max(...samples.flatMap((sample) => sample[key] ?? []));

  /** Whether nobody points at the chart: the legend tells of the whole of it. */
  const isNowhere = (index) => index === null || index === undefined;

  function axes(shown) {
    const axis = {
      stroke: color('--quiet'),
      grid: { stroke: color('--rule'), width: 1 },
      ticks: { show: false },
      font: '12px system-ui, sans-serif',
    };
    const uses = (scale) => shown.some((line) => line.scale === scale);
    return [
      { ...axis, values: (_plot, values) => values.map((value) => `${value} s`) },
      ...(uses('bytes')
        ? [
            {
              ...axis,
              scale: 'bytes',
              size: 64,
              incrs: byteSteps,
              values: (_plot, values) => values.map(bytes),
            },
          ]
        : []),
      ...(uses('rows')
        ? [
            {
              ...axis,
              scale: 'rows',
              side: 1,
              size: 56,
              grid: { show: false },
              values: (_plot, values) => values.map((value) => `${value}/s`),
            },
          ]
        : []),
    ];
  }

  /** Shades the phases in which writers were switched, and names them; darker while nobody could write. */
  function markSwitches({ ctx, bbox, valToPos }) {
    const names = new Set(switches.map(({ name }) => name));
    const ratio = devicePixelRatio;
    const shade = (from, to, fill) => {
      const left = valToPos(from, 'x', true);
      const right = valToPos(to, 'x', true);
      ctx.globalAlpha = 0.5;
      ctx.fillStyle = color(fill);
      ctx.fillRect(left, bbox.top, Math.max(2 * ratio, right - left), bbox.height);
      ctx.globalAlpha = 1;
    };
    ctx.save();
    ctx.font = `${12 * ratio}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.textBaseline = 'top';
    for (const { name, title, atSeconds, seconds } of phases) {
      if (!names.has(name)) continue;
      shade(atSeconds, atSeconds + seconds, '--rule');
      ctx.fillStyle = color('--quiet');
      ctx.save();
      ctx.translate(valToPos(atSeconds, 'x', true) + 3 * ratio, bbox.top + bbox.height - 4 * ratio);
      ctx.rotate(-Math.PI / 2);
      ctx.fillText(title, 0, 0);
      ctx.restore();
    }
    for (const { atSeconds, closedMs } of switches)
      if (atSeconds !== undefined) shade(atSeconds, atSeconds + closedMs / 1000, '--quiet');
    ctx.restore();
  }

  function draw() {
    plot?.destroy();
    const shown = lines();
    if (shown.length === 0) return;
    const fromZero = (_plot, _low, high) => [0, high > 0 ? high * 1.05 : 1];
    plot = new uPlot(
      {
        width: place.clientWidth,
        height: Math.round(Math.min(340, Math.max(220, place.clientWidth * 0.4))),
        scales: { x: { time: false }, bytes: { range: fromZero }, rows: { range: fromZero } },
        series: [
          {
            label: 'at',
            value: (_plot, value, _series, index) =>
              isNowhere(index) ? 'any time' : `${value.toFixed(1)} s`,
          },
          ...shown,
        ],
        axes: axes(shown),
        hooks: { drawAxes: [markSwitches] },
        cursor: { drag: { x: false, y: false } },
      },
      [column('atSeconds'), ...shown.map(({ key }) => column(key))],
      place,
    );
  }

  draw();
  dark.addEventListener('change', draw);
  let width = place.clientWidth;
  new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    draw();
  }).observe(place);
})();
