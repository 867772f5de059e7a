import { setTimeout as delay } from 'node:timers/promises';

/** Waits until `condition` holds, for 90 seconds at most. */
export async function eventually(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`this never came true: ${condition.toString()}`);
    await delay(50);
  }
}
