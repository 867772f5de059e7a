import { Schedule } from '../../../lib/rehearsal/cloud/schedule';
import type { ResourceRequest } from '../../../lib/rehearsal/cloudformation';

const TARGETS = [{ Arn: 'arn:metrics', Input: '{"watch":["a"]}' }];

/** Makes the rule `logicalId`. Gives what deletes it. */
async function begin(
  schedule: Schedule,
  properties: Record<string, unknown>,
  logicalId = 'Metrics',
): Promise<() => Promise<void>> {
  const player = schedule.players['AWS::Events::Rule'];
  const request = { logicalId, properties } as unknown as ResourceRequest;
  const outcome = await player?.create(request);
  if (outcome === undefined) throw new Error('rules are played');
  expect(outcome.physicalId).toBe(logicalId);
  return async () => await player?.delete?.(request, outcome);
}

test('calls the targets again and again, and tells the first failure only', async () => {
  const failures: string[] = [];
  const inputs: unknown[] = [];
  await new Promise<void>((closed) => {
    const schedule: Schedule = new Schedule({
      invoke: async (arn, input) => {
        inputs.push([arn, input]);
        // What the second one failed with is known by then.
        if (inputs.length === 3) void schedule.close().then(closed);
        return `Error: failure ${inputs.length}`;
      },
      onFailure: (rule, reason) => failures.push(`${rule}: ${reason}`),
    });
    void begin(schedule, { ScheduleExpression: 'rate(1 minute)', Targets: TARGETS });
  });
  expect(inputs[0]).toEqual(['arn:metrics', { watch: ['a'] }]);
  expect(failures).toEqual(['Metrics: Error: failure 1']);
});

test('an invocation that cannot be made is a failure too', async () => {
  const reason = await new Promise<string>((told) => {
    const schedule = new Schedule({
      invoke: () => Promise.reject(new Error('no such function')),
      onFailure: (_rule, text) => void schedule.close().then(() => told(text)),
    });
    void begin(schedule, { ScheduleExpression: 'rate(1 minute)', Targets: TARGETS });
  });
  expect(reason).toBe('no such function');
});

test('what fails while the rule goes away is no failure', async () => {
  const failures: string[] = [];
  let closed: Promise<void> | undefined;
  const schedule: Schedule = new Schedule({
    invoke: async () => {
      closed = schedule.close();
      return 'the server is gone';
    },
    onFailure: (_rule, reason) => failures.push(reason),
  });
  await begin(schedule, { ScheduleExpression: 'rate(1 minute)', Targets: TARGETS });
  await schedule.close();
  await closed;
  expect(failures).toEqual([]);
});

test('a rule on events calls nothing', async () => {
  const invoke = jest.fn();
  const schedule = new Schedule({ invoke, onFailure: jest.fn() });
  await begin(schedule, { EventPattern: { source: ['aws.dms'] }, Targets: TARGETS });
  await schedule.close();
  expect(invoke).not.toHaveBeenCalled();
});

test('a rule that goes away does not wait for another one', async () => {
  const called: unknown[] = [];
  const schedule = new Schedule({
    invoke: async (_arn, input) => {
      called.push(input);
      return undefined;
    },
    onFailure: jest.fn(),
  });
  const watch = (name: string) => ({
    ScheduleExpression: 'rate(1 minute)',
    Targets: [{ Arn: 'arn:watch', Input: JSON.stringify({ name }) }],
  });
  const end = await begin(schedule, watch('first'), 'First');
  await begin(schedule, watch('second'), 'Second');
  await end();
  await schedule.close();
  expect(called).toEqual([{ name: 'first' }, { name: 'second' }]);
});
