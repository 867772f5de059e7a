let listens = false;
let stop: ((reason: unknown) => void) | undefined;
const told = new Set<unknown>();

/**
 * Rejects with the first thing that is thrown while an output is computed. That rejects no promise which a program can
 * see, and whatever takes the output waits for ever; as Pulumi's own host does, this looks at rejections that nobody
 * handles. The same thing comes again from each resource that takes the output, even after the program has been given up.
 */
export function firstFailure(): Promise<never> {
  if (!listens) process.on('unhandledRejection', fail);
  listens = true;
  return new Promise<never>((_, reject) => {
    stop = reject;
  });
}

function fail(reason: unknown): void {
  if (told.has(reason)) return;
  if (stop === undefined) throw reason;
  told.add(reason);
  stop(reason);
  stop = undefined;
}
