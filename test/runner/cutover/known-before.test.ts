import { Client } from 'pg';
import { checkCutover, status, waitUntil } from '../../../lib/runner';
import { asSuperuser, failureOf, OWNER } from '../../faults/walks';
import { CutoverLab } from './lab';

describe('what would stop a walk behind the fence is known before', () => {
  let lab: CutoverLab;
  beforeAll(async () => {
    lab = await CutoverLab.start([17, 17]);
  });
  afterAll(() => lab.stop());

  /** What the gate `id` says, and what to do about it. */
  const gate = async (id: string): Promise<string> => {
    const services = await lab.services();
    const { gates } = await status({ plan: lab.plan() }, services).finally(() => services.close());
    const { status: is, found, wayOut } = gates.find((one) => one.id === id) ?? {};
    return `${is}: ${found}; ${wayOut}`;
  };

  const OPEN = 'open: as it must be; ';

  test('somebody else who decodes the old writer, and not those who are kept', async () => {
    await asSuperuser(
      lab.blue,
      `CREATE ROLE decoder LOGIN REPLICATION PASSWORD 'x'; GRANT CONNECT ON DATABASE app TO decoder`,
    );
    const config = lab.blue.server.connectionConfig('app', { user: 'decoder', password: 'x' });
    const stream = { ...config, replication: 'database' };
    const client = new Client(stream);
    await client.connect();
    const said = await gate('workers');
    await client.end();
    expect(said.replace(/process \d+/, 'process N')).toBe(
      `closed: role 'decoder', a walsender, process N on 'blue'; end it, or add its role to 'keep'`,
    );
    await waitUntil({
      what: 'the gate must be open',
      deadlineMs: 30_000,
      probe: async () => {
        const found = await gate('workers');
        return found === OPEN ? { done: true, value: undefined } : { done: false, reason: found };
      },
    });
  });

  test('a login that the fence would let in as a member of a role that is kept', async () => {
    expect(await gate('kept')).toBe(OPEN);
    await asSuperuser(
      lab.blue,
      'CREATE ROLE reporting; GRANT reader TO reporting; GRANT reporting TO app',
    );
    const said = await gate('kept');
    await asSuperuser(lab.blue, 'ALTER ROLE app NOINHERIT; REVOKE reporting FROM app');
    // Who has to become it first is not let in.
    await asSuperuser(lab.blue, 'GRANT reader TO app WITH INHERIT FALSE');
    const notInherited = await gate('kept');
    await asSuperuser(lab.blue, 'REVOKE reader FROM app; ALTER ROLE app INHERIT');
    expect(said).toBe(
      `closed: role 'app', which the fence on 'blue' would let in as a member of 'reader', which is kept; take it out of 'reader', or add it to 'keep' if it only reads`,
    );
    expect(notInherited).toBe(OPEN);
  });

  test('an endpoint that leads elsewhere, or does not answer', async () => {
    const activate = async () => undefined;
    /** How a walk begins whose endpoint says `active`. */
    const begun = async (active: () => Promise<string>): Promise<string> => {
      const services = await lab.services();
      const endpoint = { active, activate };
      const walk = checkCutover({ plan: lab.plan(), owner: OWNER }, { ...services, endpoint });
      return await failureOf(walk.finally(() => services.close()));
    };
    const silent = async (): Promise<string> => {
      throw new Error('the name server said no');
    };
    const closed =
      "every gate of the cutover of 'shop' must be open, got:\n- clients are sent to the old writer:";
    const wayOut = 'see that the endpoint answers, and look for somebody else who switches it';
    expect([
      await begun(async () => 'blue'),
      await begun(async () => 'green'),
      await begun(silent),
    ]).toEqual([
      'nothing failed',
      `GATES_CLOSED: ${closed} closed, got 'green'; ${wayOut}`,
      `GATES_UNCHECKED: ${closed} unchecked, got the name server said no; ${wayOut}`,
    ]);
  });
});
