import { setTimeout as delay } from 'node:timers/promises';
import { PontoonError } from '../postgres';

/** What a look at the world found: what was waited for, or why it is not there yet. */
export type Probe<Value> =
  | { readonly done: true; readonly value: Value }
  | { readonly done: false; readonly reason: string };

/** What to wait for, and for how long. */
export interface WaitOptions<Value> {
  /** What is waited for, as a subject with its rule: `slot "b" must be active`. */
  readonly what: string;
  /** Milliseconds until the wait is given up. The probe is asked once more at the very end. */
  readonly deadlineMs: number;
  /**
   * Milliseconds between two probes.
   *
   * @default 200
   */
  readonly intervalMs?: number;
  /** Looks once. If it throws, the wait ends with that error. */
  readonly probe: () => Promise<Probe<Value>>;
  /**
   * What to do when the wait was in vain.
   *
   * @default 'look at the server’s log'
   */
  readonly wayOut?: string;
  /**
   * Ends the wait with the signal's reason.
   *
   * @default - only the deadline ends it
   */
  readonly signal?: AbortSignal;
}

const INTERVAL_MS = 200;

/**
 * Probes until it is done. Throws a PontoonError with code TIMED_OUT and the last reason when the deadline passes,
 * also while a probe is still under way.
 */
export async function waitUntil<Value>(options: WaitOptions<Value>): Promise<Value> {
  const { deadlineMs, intervalMs = INTERVAL_MS, probe, signal } = options;
  const ends = performance.now() + deadlineMs;
  let reason = 'no answer';
  for (;;) {
    signal?.throwIfAborted();
    const left = ends - performance.now();
    const found = await within(probe(), Math.max(left, intervalMs), signal);
    if (found === undefined) throw timedOut(options, `${reason}, and then no answer`);
    if (found.done) return found.value;
    reason = found.reason;
    // A probe that began before the end and was long under way says nothing about the end.
    if (left <= 0) throw timedOut(options, reason);
    await pause(Math.min(intervalMs, Math.max(ends - performance.now(), 0)), signal);
  }
}

async function within<Value>(
  answer: Promise<Value>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<Value | undefined> {
  const settled = new AbortController();
  const stop = signal === undefined ? settled.signal : AbortSignal.any([settled.signal, signal]);
  try {
    return await Promise.race([answer, pause(ms, stop, signal)]);
  } finally {
    settled.abort();
  }
}

async function pause(
  ms: number,
  stop: AbortSignal | undefined,
  signal: AbortSignal | undefined = stop,
): Promise<undefined> {
  try {
    await delay(ms, undefined, stop === undefined ? {} : { signal: stop });
  } catch (error) {
    signal?.throwIfAborted();
    // Stopped because the probe answered; nobody listens any more.
    if (stop?.aborted !== true) throw error;
  }
}

function timedOut<Value>({ what, deadlineMs, wayOut }: WaitOptions<Value>, reason: string) {
  return new PontoonError(
    'TIMED_OUT',
    `${what} within ${deadlineMs / 1000} s, got ${reason}; ${wayOut ?? 'look at the server’s log'}`,
  );
}
