import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { Client } from 'pg';
import { admittedTo, otherSessions, type Statement } from '../../../lib/postgres';
import { waitUntil } from '../../../lib/runner';
import { CutoverContext } from '../../../lib/runner/cutover/context';
import { endOthers, refuseOthers } from '../../../lib/runner/cutover/other-sessions';
import { asSuperuser, failureOf } from '../../faults/walks';
import { CutoverLab, type LabServices } from './lab';

let lab: CutoverLab;
let services: LabServices;
let publisher: Server;
let control: Client;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  services = await lab.services();
  // Takes connections, and says nothing: a worker waits there for as long as it is let.
  publisher = createServer().listen(0, '127.0.0.1');
  control = new Client(lab.blue.server.controlConfig('postgres'));
  await control.connect();
  const { port } = publisher.address() as AddressInfo;
  await asSuperuser(
    lab.blue,
    `CREATE SUBSCRIPTION other CONNECTION 'host=127.0.0.1 port=${port}' PUBLICATION other WITH (connect = false, slot_name = 'other')`,
  );
});
afterAll(async () => {
  await control.end();
  publisher.close();
  await services.close();
  await lab.stop();
});

/** Waits until nobody else is there but so many workers. */
const workers = (count: number) =>
  waitUntil({
    what: 'nobody else must be there but workers',
    deadlineMs: 10_000,
    intervalMs: 5,
    probe: async () => {
      const { text, values } = otherSessions(admittedTo(lab.plan()));
      const { rows } = await lab.blue.admin.query(text, [...(values ?? [])]);
      return rows.length === count && rows.every(({ worker }) => worker)
        ? { done: true, value: rows }
        : { done: false, reason: JSON.stringify(rows) };
    },
  });

/** A walk on which something happens when it has met others for the first time. */
class Meeting extends CutoverContext {
  public looks = 0;

  public constructor(private readonly whenMet: () => Promise<unknown>) {
    super({ plan: lab.plan(), owner: 'test' }, services);
  }

  public override async run(server: string, statement: Statement) {
    const rows = await super.run(server, statement);
    if (statement.text !== otherSessions(admittedTo(this.plan)).text) return rows;
    this.looks += 1;
    if (this.looks === 1 && rows.length > 0) await this.whenMet();
    return rows;
  }
}

describe.each([
  [
    'who was there before the fence',
    endOthers,
    `the database on 'blue' must hold no session that a fence does not end, got superuser 'rdsadmin', a logical replication apply worker, process PID; disable its subscription`,
  ],
  [
    'who is there when nobody may be',
    refuseOthers,
    `the fenced database on 'blue' must hold no session of others, got superuser 'rdsadmin', a logical replication apply worker, process PID; find out who it is before you try again`,
  ],
])('%s', (_what, look, refused) => {
  let pid = 0;
  beforeEach(async () => {
    await asSuperuser(lab.blue, 'ALTER SUBSCRIPTION other ENABLE');
    pid = (await workers(1))[0].pid;
  });
  const leave = async (): Promise<void> => {
    await asSuperuser(lab.blue, 'ALTER SUBSCRIPTION other DISABLE');
    await control.query('SELECT pg_terminate_backend($1)', [pid]);
    await workers(0);
  };

  test('is refused if it is a worker that stays', async () => {
    const context = new Meeting(async () => undefined);
    expect(await failureOf(look(context))).toBe(`NOT_QUIET: ${refused.replace('PID', `${pid}`)}`);
    await leave();
  });

  test('is no reason to refuse if it is a worker that was ending, and nobody costs nothing', async () => {
    const context = new Meeting(leave);
    expect(await failureOf(look(context))).toBe('nothing failed');
    expect(context.looks).toBe(2);
    const alone = new Meeting(leave);
    await look(alone);
    expect(alone.looks).toBe(1);
  });
});
