import type { DependencyGraph } from '../assembly';

/** What a walk did. */
export interface WalkOutcome {
  /** What failed, by name, in the order of failing. */
  readonly failures: ReadonlyMap<string, unknown>;
  /** What was never visited because of a failure. */
  readonly skipped: readonly string[];
}

/**
 * Visits each name of a graph after all that it depends on, up to `concurrency` at once. After a
 * failure nothing new begins (`stop`), or only what does not depend on it (`continue`).
 */
export async function walkGraph(
  graph: DependencyGraph,
  visit: (name: string) => Promise<void>,
  options: { readonly concurrency: number; readonly afterFailure: 'stop' | 'continue' },
): Promise<WalkOutcome> {
  const waiting = new Set(graph.keys());
  const done = new Set<string>();
  const running = new Map<string, Promise<void>>();
  const failures = new Map<string, unknown>();
  const begin = (name: string): void => {
    waiting.delete(name);
    const visited = visit(name)
      .then(
        () => void done.add(name),
        (error: unknown) => void failures.set(name, error),
      )
      .finally(() => running.delete(name));
    running.set(name, visited);
  };
  for (;;) {
    if (failures.size === 0 || options.afterFailure === 'continue') {
      for (const name of waiting) {
        if (running.size >= options.concurrency) break;
        const ready = [...(graph.get(name) ?? [])].every((before) => done.has(before));
        if (ready) begin(name);
      }
    }
    if (running.size === 0) return { failures, skipped: [...waiting] };
    await Promise.race(running.values());
  }
}
