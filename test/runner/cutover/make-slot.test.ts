import { setTimeout as delay } from 'node:timers/promises';
import { sql } from '../../../lib/postgres';
import type { CutoverContext } from '../../../lib/runner/cutover/context';
import { makeSlot } from '../../../lib/runner/cutover/make-slot';

const unheard: unknown[] = [];
const hear = (reason: unknown): void => void unheard.push(reason);
beforeEach(() => void process.on('unhandledRejection', hear));
afterEach(() => {
  process.off('unhandledRejection', hear);
  unheard.length = 0;
});

/** How a slot on a standby fails where each server fails after some time. */
async function failing(ms: Readonly<Record<'standby' | 'primary', number>>): Promise<string> {
  const run = async (server: 'standby' | 'primary'): Promise<never> => {
    await delay(ms[server]);
    throw new Error(`the ${server} has gone`);
  };
  const context = { run } as unknown as CutoverContext;
  const place = { decoder: 'standby', writer: 'primary' };
  return await makeSlot(context, place, sql('SELECT 1'), 'make a slot').then(
    () => 'nothing failed',
    (error: Error) => error.message,
  );
}

test.each([
  ['the primary has gone', { primary: 1, standby: 30 }],
  ['the standby has gone', { primary: 30, standby: 1 }],
])('%s: it is told, and what fails later ends nobody', async (message, ms) => {
  expect(await failing(ms)).toBe(message);
  await delay(50);
  expect(unheard).toEqual([]);
});
