import { Client } from 'pg';
import { CUTOVER_STEPS, rollbackOf } from '../../../lib/postgres';
import { cutover, finalize, status } from '../../../lib/runner';
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

  test('and back, and again, to the end, loses no acknowledged write', async () => {
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
          onEvent: (event) => {
            if (event.kind === 'step') steps.push(event.step.id);
          },
        },
      ).finally(() => services.close());
      expect(outcome.result).toBe('opened');
      expect(steps).toEqual(CUTOVER_STEPS.map(({ id }) => id));
      expect(lab.active).toBe(one.to);
      const before = writers.map(({ acknowledged }) => acknowledged.length);
      await until(() => writers.every((w, i) => w.acknowledged.length > (before[i] ?? 0) + 50));
    }
    await Promise.all(writers.map((writer) => writer.stop()));
    await expectExactlyOnce(lab.green.admin, writers);
    const services = await lab.services();
    const open = await status({ plan }, services);
    expect(open).toMatchObject({
      phase: 'open',
      writer: 'green',
      active: 'green',
      fenced: [{ server: 'blue', owner: 'test', decided: true }],
      forward: { state: 'stopped' },
      reverse: { state: 'carrying' },
      gates: [],
    });
    const dropped = await finalize({ plan, owner: 'test' }, services);
    expect(dropped).toEqual([
      `subscription 'forward' on 'green'`,
      `slot 'forward' on 'blue'`,
      `publication 'forward' on 'blue'`,
      `subscription 'backward' on 'blue'`,
      `slot 'backward' on 'green'`,
      `publication 'backward' on 'green'`,
      `canary 'canary' on 'blue'`,
      `role 'reader' on 'blue'`,
      `canary 'canary' on 'green'`,
      `role 'reader' on 'green'`,
      `fence on 'blue'`,
    ]);
    expect(await status({ plan }, services)).toMatchObject({ phase: 'finalized', writer: 'green' });
    await services.close();
  });
});

async function expectExactlyOnce(client: Client, writers: readonly TestWriter[]): Promise<void> {
  const { rows } = await client.query(
    'SELECT client, number, count(*)::int AS times FROM shop.orders GROUP BY 1, 2',
  );
  const found = new Map(rows.map((row) => [`${row.client}/${row.number}`, row.times]));
  const acknowledged = writers.flatMap((writer) =>
    writer.acknowledged.map((number) => `${writer.client}/${number}`),
  );
  expect(acknowledged.length).toBeGreaterThan(600);
  expect(acknowledged.filter((key) => found.get(key) !== 1)).toEqual([]);
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
