import {
  type CutoverInput,
  type JournalEntry,
  PontoonError,
  type ReplicationPath,
  whoWalks,
} from '../../postgres';
import { messageOf } from '../message-of';
import { CutoverContext } from './context';
import { type FenceWatch, reachable } from './expired-fence';
import { readGates } from './gates';
import { leftSlots } from './left-slot';
import type { CutoverServices } from './services';
import { type CutoverStatus, fenceOf, standing, type WayStatus, wayStatus } from './status';

/** As much of a status as could be read; it has no phase, which takes all of it. */
export interface PartialStatus extends Omit<CutoverStatus, 'phase' | 'forward'> {
  /** What could not be read, a sentence each. */
  readonly unreadable: readonly string[];
  /** Undefined if a server that the way needs cannot be read. */
  readonly forward: WayStatus | undefined;
}

/** Looks at whatever answers; a server that does not, or the endpoint, keeps the others from nothing. */
export async function partialStatus(
  input: CutoverInput,
  watch: Pick<FenceWatch, 'secrets' | 'withServices'>,
): Promise<PartialStatus> {
  const unreadable: string[] = [];
  const log = (line: string): void => void unreadable.push(line);
  const connections = await reachable(input, { ...watch, log }, 'status');
  return await watch.withServices({ ...input, connections }, async (services) =>
    new PartialLook(input, services, unreadable).look(),
  );
}

class PartialLook {
  private readonly context: CutoverContext;

  constructor(
    { plan }: CutoverInput,
    private readonly services: CutoverServices,
    private readonly unreadable: string[],
  ) {
    this.context = new CutoverContext({ plan, owner: '' }, services);
  }

  public async look(): Promise<PartialStatus> {
    const { context, services, unreadable } = this;
    const { from, to, migration, forward, reverse } = context.plan;
    const fenced: CutoverStatus['fenced'][number][] = [];
    const left: CutoverStatus['left'][number][] = [];
    const standings: JournalEntry[] = [];
    for (const server of [from, to]) {
      const entry = await this.seen([server], () => standing(context, server));
      if (entry !== undefined) standings.push(entry);
      fenced.push(...((await this.seen([server], () => fenceOf(context, server, entry))) ?? []));
      left.push(...((await this.seen([server], () => leftSlots(context, server))) ?? []));
    }
    const [fence, another] = standings;
    // Behind a second fence, the writer that the first one waited for is closed by now.
    const writer = fence?.opened === true && another === undefined ? fence.to : undefined;
    const holder = await this.seen([from], () => context.runOne(from, whoWalks(migration)));
    const active = await this.seen([], async () => await services.endpoint?.active());
    const ways = [await this.way(forward), await this.way(reverse)] as const;
    // As a whole status: nothing of a migration is left that has ended, or was never there.
    const gone =
      ways[0]?.state === 'absent' && (reverse === undefined || ways[1]?.state === 'absent');
    const waits = fenced.length === 0 && !gone;
    return {
      unreadable,
      writer,
      active,
      fenced,
      left,
      walking: holder === undefined ? undefined : String(holder.name),
      forward: ways[0],
      reverse: ways[1],
      gates: waits ? ((await this.seen([from, to], () => readGates(context))) ?? []) : [],
    };
  }

  private async way(paths: readonly ReplicationPath[] = []): Promise<WayStatus | undefined> {
    if (paths.length === 0) return undefined;
    const { context } = this;
    const servers = paths.flatMap((path) => [path.decoder, context.receiver(path)]);
    return await this.seen(servers, () => wayStatus(context, paths));
  }

  /** What `work` finds on `servers`; nothing if one of them does not answer, which was said. */
  private async seen<Result>(
    servers: readonly string[],
    work: () => Promise<Result>,
  ): Promise<Result | undefined> {
    if (servers.some((server) => !this.services.sessions.has(server))) return undefined;
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof PontoonError)) throw error;
      this.unreadable.push(messageOf(error));
      return undefined;
    }
  }
}
