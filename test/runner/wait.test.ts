import { setTimeout as delay } from 'node:timers/promises';
import { type Probe, waitUntil } from '../../lib/runner';

const never = async (): Promise<Probe<never>> => ({ done: false, reason: '3 MB missing' });

test('gives what the probe found', async () => {
  let asked = 0;
  const value = await waitUntil({
    what: 'the counter must reach 3',
    deadlineMs: 10_000,
    intervalMs: 1,
    probe: async () => {
      asked += 1;
      return asked < 3 ? { done: false, reason: `got to ${asked}` } : { done: true, value: asked };
    },
  });

  expect(value).toBe(3);
});

test('asks at least once, however short the deadline', async () => {
  const probe = async (): Promise<Probe<string>> => ({ done: true, value: 'there' });
  await expect(waitUntil({ what: 'it must be there', deadlineMs: 0, probe })).resolves.toBe(
    'there',
  );
});

test('asks once more at the end, also if the probe before was long under way', async () => {
  let asked = 0;
  const wait = waitUntil({
    what: 'it must be there',
    deadlineMs: 20,
    intervalMs: 60_000,
    probe: async () => {
      asked += 1;
      // Blocks the timers as well, as a machine under load does.
      for (const end = performance.now() + 30; performance.now() < end; );
      await delay(0);
      return asked === 1 ? { done: false, reason: 'nothing' } : { done: true, value: asked };
    },
  });

  await expect(wait).resolves.toBe(2);
});

test('says what was missing when the deadline passes', async () => {
  const wait = waitUntil({
    what: 'standby "b" must stream',
    deadlineMs: 20,
    intervalMs: 5,
    wayOut: 'check the network between "a" and "b"',
    probe: never,
  });

  await expect(wait).rejects.toMatchObject({
    code: 'TIMED_OUT',
    message:
      'standby "b" must stream within 0.02 s, got 3 MB missing; check the network between "a" and "b"',
  });
});

test('a probe that hangs does not outlast the deadline', async () => {
  let asked = 0;
  const wait = waitUntil({
    what: 'standby "b" must stream',
    deadlineMs: 20,
    intervalMs: 5,
    probe: () => {
      asked += 1;
      return asked === 1 ? never() : new Promise(() => undefined);
    },
  });

  await expect(wait).rejects.toThrow(
    'standby "b" must stream within 0.02 s, got 3 MB missing, and then no answer; look at the server’s log',
  );
});

test('a probe that throws ends the wait with its error', async () => {
  const broken = new Error('connection lost');
  const wait = waitUntil({
    what: 'it must be there',
    deadlineMs: 10_000,
    probe: async () => {
      throw broken;
    },
  });

  await expect(wait).rejects.toBe(broken);
});

test.each(['between two probes', 'during a probe'])('a signal ends the wait %s', async (when) => {
  const abort = new AbortController();
  const stopped = new Error('stopped by the operator');
  const wait = waitUntil({
    what: 'it must be there',
    deadlineMs: 60_000,
    intervalMs: 60_000,
    signal: abort.signal,
    probe: () => {
      setImmediate(() => abort.abort(stopped));
      return when === 'during a probe' ? new Promise(() => undefined) : never();
    },
  });

  await expect(wait).rejects.toBe(stopped);
});

test('a signal that was given before asks nothing', async () => {
  const probe = jest.fn(never);
  const signal = AbortSignal.abort(new Error('too late'));

  await expect(
    waitUntil({ what: 'it must be there', deadlineMs: 1000, probe, signal }),
  ).rejects.toThrow('too late');
  expect(probe).not.toHaveBeenCalled();
});
