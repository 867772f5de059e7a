import type { RehearsalEvent } from '../../lib/rehearsal';
import type { StackEvent } from '../../lib/rehearsal/cloudformation';
import { Recorder } from '../../lib/rehearsal/recorder';

let now: number;
let events: RehearsalEvent[];
let recorder: Recorder;

beforeEach(() => {
  now = 5000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  events = [];
  recorder = new Recorder((event) => events.push(event));
});
afterEach(() => jest.restoreAllMocks());

const EVENT: StackEvent = {
  stackName: 'Stack',
  logicalId: 'Slot',
  type: 'Custom::PontoonLogicalSlot',
  action: 'CREATE',
  status: 'COMPLETE',
  physicalId: 'slot',
  reason: undefined,
  seconds: 0.25,
};

test('keeps when a phase began and how long it took, and tells it while it runs', async () => {
  now += 1500;
  const result = await recorder.phase('copy', 'Copy what is there', async () => {
    recorder.progress('half of it');
    now += 250.4;
    return 'copied';
  });
  expect(result).toBe('copied');
  const title = 'Copy what is there';
  expect(recorder.phases).toEqual([
    { name: 'copy', title, atSeconds: 1.5, seconds: 0.25, status: 'done' },
  ]);
  expect(events).toEqual([
    { kind: 'phase-started', name: 'copy', title },
    { kind: 'phase-progress', name: 'copy', detail: 'half of it' },
    { kind: 'phase-ended', name: 'copy', title, seconds: 0.25, status: 'done' },
  ]);
});

test('keeps a phase that fails, and passes its error on', async () => {
  const failing = recorder.phase('verify', 'Compare', async () => {
    now += 10;
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow(new Error('no'));
  expect(recorder.phases).toEqual([
    { name: 'verify', title: 'Compare', atSeconds: 0, seconds: 0.01, status: 'failed' },
  ]);
  expect(events.at(-1)).toMatchObject({ kind: 'phase-ended', status: 'failed' });
});

test('keeps a resource that was made or deleted, from when it began', () => {
  now += 2000;
  recorder.resource(EVENT);
  recorder.resource({ ...EVENT, action: 'DELETE', status: 'FAILED', reason: 'it is in use' });
  const step = { logicalId: 'Slot', type: EVENT.type, atSeconds: 1.75, seconds: 0.25 };
  expect(recorder.steps).toEqual([
    { ...step, action: 'create', status: 'done' },
    { ...step, action: 'delete', status: 'failed', detail: 'it is in use' },
  ]);
  expect(events).toEqual([]);
});

test('tells of a custom resource that begins, within the phase', async () => {
  await recorder.phase('deploy', 'Deploy', async () => {
    recorder.resource({ ...EVENT, status: 'IN_PROGRESS' });
    recorder.resource({ ...EVENT, type: 'AWS::RDS::DBCluster', status: 'IN_PROGRESS' });
  });
  expect(events.filter(({ kind }) => kind === 'phase-progress')).toEqual([
    { kind: 'phase-progress', name: 'deploy', detail: 'create Slot' },
  ]);
  expect(recorder.steps).toEqual([]);
});

test.each([{ status: 'SKIPPED' }, { action: 'UPDATE' }] as const)(
  'keeps nothing of a resource with %j',
  (change) => {
    recorder.resource({ ...EVENT, ...change });
    expect(recorder.steps).toEqual([]);
  },
);

test('keeps samples, and passes notes on', () => {
  const sample = { atSeconds: 1, writesPerSecond: 3 };
  recorder.sample(sample);
  recorder.note('look');
  expect(recorder.samples).toEqual([sample]);
  expect(events).toEqual([
    { kind: 'sample', sample },
    { kind: 'note', text: 'look' },
  ]);
});
