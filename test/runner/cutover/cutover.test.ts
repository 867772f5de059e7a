import { Client } from 'pg';
import { type CutoverStepId, rollbackOf } from '../../../lib/postgres';
import { type CutoverEvent, cutover } from '../../../lib/runner';
import { CutoverLab } from './lab';

describe.each([
  [17, 17],
  [14, 18],
] as const)('a cutover from PostgreSQL %i to %i', (from, to) => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([from, to]);
  });
  afterAll(() => lab.stop());

  test('and back, and again, loses no acknowledged write', async () => {
    const writers = [0, 1, 2, 3].map((client) => new TestWriter(lab, client));
    await until(() => writers.every(({ acknowledged }) => acknowledged.length > 50));
    const plan = lab.plan();
    const back = rollbackOf(plan);
    if (back === undefined) throw new Error('there is a way back');
    for (const one of [plan, back, plan]) {
      const services = await lab.services();
      const steps: string[] = [];
      const outcome = await cutover(
        { plan: one, owner: 'test' },
        {
          ...services,
          onEvent: (event) => void steps.push(said(event)),
        },
      ).finally(() => services.close());
      console.log(outcome, steps.join('\n'));
      expect(outcome.result).toBe('opened');
      expect(lab.active).toBe(one.to);
      const before = writers.map(({ acknowledged }) => acknowledged.length);
      await until(() => writers.every((w, i) => w.acknowledged.length > (before[i] ?? 0) + 50));
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    const { rows } = await lab.green.admin.query(
      'SELECT client, number, count(*)::int AS times FROM shop.orders GROUP BY 1, 2',
    );
    const found = new Map(rows.map((row) => [`${row.client}/${row.number}`, row.times]));
    const wanted = writers.flatMap((w) => w.acknowledged.map((n) => `${w.client}/${n}`));
    expect(wanted.filter((key) => found.get(key) !== 1)).toEqual([]);

      wanted.length,
      found.size,
      'gap',
      writers.map((w) =>
        w.gaps
          .map(Math.round)
          .sort((a, b) => b - a)
          .slice(0, 3),
      ),
    );
  });
});

function said(event: CutoverEvent): string {
  if (event.kind === 'step') return event.step.id satisfies CutoverStepId;
  if (event.kind === 'done') return `  ${event.tookMs.toFixed(1)} ms`;
  return event.kind === 'note' ? `  ${event.text}` : `undo: ${event.reason}`;
}

class TestWriter {
  public readonly acknowledged: number[] = [];
  public readonly gaps: number[] = [];
  private stopped = false;
  private readonly running: Promise<void>;
  private last = performance.now();

  constructor(
    private readonly lab: CutoverLab,
    public readonly client: number,
  ) {
    this.running = this.run();
  }
  public async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }
  private async run(): Promise<void> {
    let number = 0;
    while (!this.stopped) {
      const session = new Client(
        this.lab.current.server.connectionConfig('app', {
          user: 'app',
          password: this.lab.appPassword,
        }),
      );
      session.on('error', () => undefined);
      try {
        await session.connect();
        if (this.client % 2 === 1) await session.query('SET synchronous_commit = off');
        await session.query('SET default_transaction_read_only = off');
        while (!this.stopped) {
          number += 1;
          await session.query('INSERT INTO shop.orders (client, number) VALUES ($1, $2)', [
            this.client,
            number,
          ]);
          this.acknowledged.push(number);
          this.gaps.push(performance.now() - this.last);
          this.last = performance.now();
        }
      } catch {
        await new Promise((r) => setTimeout(r, 2));
      } finally {
        await session.end().catch(() => undefined);
      }
    }
  }
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 60_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error('it does not hold');
    await new Promise((r) => setTimeout(r, 10));
  }
}
