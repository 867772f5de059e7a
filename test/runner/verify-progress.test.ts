import { ProgressMeter } from '../../lib/runner/verify/progress';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('tables weigh what they have pages, and the time that is left follows from the time that passed', () => {
  const meter = new ProgressMeter([
    { pages: 300, rows: 1_000 },
    { pages: 100, rows: 0 },
  ]);
  expect(meter.now()).toEqual({ tablesDone: 0, tables: 2, rows: 0, share: 0 });

  jest.advanceTimersByTime(10_000);
  meter.finish(1);
  expect(meter.now()).toEqual({ tablesDone: 1, tables: 2, rows: 0, share: 0.25, secondsLeft: 30 });

  meter.read(0, 5_000, 5_000);
  expect(meter.now().share).toBeCloseTo(0.9925);
});

test('what an earlier run has done does not make this one faster', () => {
  const meter = new ProgressMeter([{ pages: 100, rows: 1_000 }]);
  meter.resumed(0, 500);

  jest.advanceTimersByTime(10_000);
  meter.read(0, 250, 750);

  expect(meter.now()).toEqual({
    tablesDone: 0,
    tables: 1,
    rows: 250,
    share: 0.75,
    secondsLeft: 10,
  });
});

test('nothing is estimated at the very beginning', () => {
  const meter = new ProgressMeter([{ pages: 100, rows: 1_000 }]);
  jest.advanceTimersByTime(500);
  meter.read(0, 100, 100);

  expect(meter.now()).not.toHaveProperty('secondsLeft');
});
