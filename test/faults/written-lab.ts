import { CutoverLab, type LabOptions } from '../runner/cutover/lab';
import { JournalWriter, untilWritten } from '../runner/cutover/writer';

/** Two writers, and the applications that write to whichever is open. */
export interface WrittenLab {
  readonly lab: CutoverLab;
  readonly writers: readonly JournalWriter[];
}

/** Starts a lab of `majors` before the tests of the block that asks, and stops it after them. */
export function writtenLab(
  majors: readonly [number, number],
  options: LabOptions = {},
): WrittenLab {
  let started: CutoverLab | undefined;
  let writers: readonly JournalWriter[] = [];
  const running = (): CutoverLab => {
    if (started === undefined) throw new Error('a lab runs from the first test on');
    return started;
  };
  beforeAll(async () => {
    started = await CutoverLab.start(majors, options);
    writers = [0, 1].map((client) => new JournalWriter(client, () => running().application(), 1));
    await untilWritten(writers);
  });
  afterAll(async () => {
    await Promise.all(writers.map((writer) => writer.stop()));
    await running().stop();
  });
  return {
    get lab() {
      return running();
    },
    get writers() {
      return writers;
    },
  };
}
