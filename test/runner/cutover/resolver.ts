import type { PrivateRecord } from '../../../lib/rehearsal/oci-cloud/private-zones';
import { waitUntil } from '../../../lib/runner';

/** A client's resolver of one name, which remembers an answer for as long as the record allows. */
export class Resolver {
  private answer: { readonly address: string; readonly until: number } | undefined;

  constructor(private readonly records: () => readonly PrivateRecord[]) {}

  /** Whether the next question is answered from memory. */
  public get remembers(): boolean {
    return this.answer !== undefined && performance.now() < this.answer.until;
  }

  /** The address that the name has, or had when it was asked for last. */
  public address(): string {
    if (this.answer !== undefined && this.remembers) return this.answer.address;
    const [record] = this.records();
    if (record === undefined) throw new Error('the name must have an address');
    const { address, ttl } = record;
    this.answer = { address, until: performance.now() + ttl * 1000 };
    return address;
  }
}

/** Waits until each of `resolvers` would ask for the name again, as those of clients that are long connected would. */
export async function untilForgotten(resolvers: readonly Resolver[]): Promise<void> {
  await waitUntil({
    what: 'every resolver must have forgotten the name',
    deadlineMs: 60_000,
    intervalMs: 10,
    probe: async () =>
      resolvers.some(({ remembers }) => remembers)
        ? { done: false, reason: 'one remembers it' }
        : { done: true, value: undefined },
  });
}
