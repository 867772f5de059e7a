import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { isRecord } from '../assembly';
import type { ScannedText, Unsearched } from './secret-scan';

const INTERVAL_MS = 250;

/** A process shows its parent's environment until it runs its own program, so that one look would not do. */
const LOOKS = 2;

const COMMANDS = 'process list';
const ENVIRONMENTS = 'environments of the processes started here';

/**
 * Looks at the processes of this machine again and again, and keeps what each ever showed: its command line, and, if it
 * descends from this process, its environment. One that lives for less than the interval may be missed.
 */
export class ProcessWatch {
  private readonly commands = new Set<string>();
  private readonly environments = new Set<string>();
  private readonly parents = new Map<string, string>();
  private readonly looks = new Map<string, number>();
  private readonly controller = new AbortController();
  private readonly running: Promise<void>;
  private hidden = 0;

  constructor() {
    this.running = this.run();
    // A failure waits for `stop`, which tells it.
    this.running.catch(() => undefined);
  }

  /** Looks once more, at what still runs, and stops. Returns what was seen, and what could not be. */
  public async stop(): Promise<readonly (ScannedText | Unsearched)[]> {
    this.controller.abort();
    if (process.platform !== 'linux') {
      const reason = 'only Linux shows it in files';
      return [COMMANDS, ENVIRONMENTS].map((place) => ({ place, reason, failed: false }));
    }
    try {
      await this.running;
      await this.look();
    } catch (error) {
      return [{ place: COMMANDS, reason: String(error), failed: true }];
    }
    const seen = [
      { place: COMMANDS, text: [...this.commands].join('\n') },
      { place: ENVIRONMENTS, text: [...this.environments].join('\n') },
    ];
    if (this.hidden === 0) return seen;
    const reason = `the system did not show ${this.hidden} of them`;
    return [...seen, { place: ENVIRONMENTS, reason, failed: false }];
  }

  private async run(): Promise<void> {
    if (process.platform !== 'linux') return;
    const { signal } = this.controller;
    while (!signal.aborted) {
      await this.look();
      await delay(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  private async look(): Promise<void> {
    const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    await Promise.all(
      ids.map(async (id) => {
        this.commands.add(await shown(id, 'cmdline'));
        if (!this.parents.has(id)) this.parents.set(id, parentOf(await shown(id, 'stat')));
      }),
    );
    await Promise.all(ids.filter((id) => this.isDescendant(id)).map((id) => this.keep(id)));
  }

  private async keep(id: string): Promise<void> {
    const looks = this.looks.get(id) ?? 0;
    if (looks === LOOKS) return;
    this.looks.set(id, looks + 1);
    try {
      this.environments.add(await shown(id, 'environ'));
    } catch {
      // It runs as somebody else, whom this process may not look at.
      if (looks === 0) this.hidden += 1;
    }
  }

  private isDescendant(id: string): boolean {
    const own = String(process.pid);
    for (let parent = this.parents.get(id); parent !== undefined; parent = this.parents.get(parent))
      if (parent === own) return true;
    return false;
  }
}

/** What the system shows of a process; nothing of one that has ended. */
async function shown(id: string, file: 'cmdline' | 'environ' | 'stat'): Promise<string> {
  try {
    return (await readFile(`/proc/${id}/${file}`, 'utf8')).replaceAll('\0', ' ');
  } catch (error) {
    if (hasEnded(error)) return '';
    throw error;
  }
}

function hasEnded(error: unknown): boolean {
  return isRecord(error) && (error.code === 'ENOENT' || error.code === 'ESRCH');
}

/** The name in brackets may hold anything; the parent's number stands two words after the last bracket. */
function parentOf(stat: string): string {
  return (
    stat
      .slice(stat.lastIndexOf(')') + 1)
      .trim()
      .split(' ')[1] ?? ''
  );
}
