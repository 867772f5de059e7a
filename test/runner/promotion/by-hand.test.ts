import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { escapeLiteral } from 'pg';
import { LOOPBACK_HBA } from '../../../lib/rehearsal/servers';
import { dryRunPromotion, type PromotionRequest, promote } from '../../../lib/runner';
import { eventually } from '../../rehearsal/servers/eventually';
import { ClusterLab, PRIMARY } from './lab';

const LIMITS = 'SELECT DISTINCT datconnlimit AS "limit" FROM pg_database WHERE datallowconn';
const CONNINFO = `SELECT current_setting('primary_conninfo') AS conninfo, pg_is_in_recovery() AS it`;

let lab: ClusterLab;
beforeEach(async () => {
  lab = await ClusterLab.open({ major: 17, standbys: 2 });
});
afterEach(async () => await lab?.close());

/** Promotes replica2 beside the primary, which goes on. */
async function promoteByHand(): Promise<void> {
  await lab.ask('replica2', 'SELECT pg_promote()');
  await eventually(async () => {
    const [row] = await lab.ask<{ it: boolean }>('replica2', 'SELECT pg_is_in_recovery() AS it');
    return row?.it === false;
  });
  await lab.ask(PRIMARY, 'INSERT INTO t SELECT n, 1 FROM generate_series(1, 99) n');
}

async function expectRefused(request: PromotionRequest, message: RegExp): Promise<void> {
  const before = await lab.ask('replica1', CONNINFO);
  for (const refused of [dryRunPromotion, promote])
    await expect(refused(request, lab)).rejects.toMatchObject({
      code: 'NOT_GIVEN_UP',
      message: expect.stringMatching(message),
    });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
  expect(await lab.ask('replica1', CONNINFO)).toEqual(before);
}

function refusal(got: string, loss: string): RegExp {
  return new RegExp(
    `^'primary' must be given up for 'replica2' by name, since no promotion of ours is noted to have put that in its place, got ${got}, and ${loss}; if clients are to stay with 'primary', stop 'replica2', and rejoin it, otherwise give 'to' as 'replica2', and say --accept-loss$`,
  );
}

test('a primary that works is given up for one that was promoted by hand only if that is named and the loss accepted', async () => {
  await promoteByHand();
  const loss =
    "what 'primary' wrote after 0/[0-9A-F]+ is lost, acknowledged or not: [1-9]\\d+ bytes of log as far as it was seen";
  await expectRefused({ input: lab.input() }, refusal("neither 'to' nor --accept-loss", loss));
  await expectRefused(
    { input: lab.input({ to: 'replica2' }) },
    refusal("'to' without --accept-loss", loss),
  );
  await expectRefused(
    { input: lab.input(), acceptLoss: true },
    refusal("--accept-loss without 'to'", loss),
  );
  const agreed = { input: lab.input({ to: 'replica2' }), acceptLoss: true };
  expect((await dryRunPromotion(agreed, lab)).remarks).toEqual([
    expect.stringMatching(/^'primary' still takes writes, and will be fenced, since 'replica2'/),
  ]);
  // It has what is given up, and could follow nobody else.
  await lab.server('replica1').stop();
  const outcome = await promote(agreed, lab);
  expect(outcome).toMatchObject({
    result: 'already-promoted',
    to: 'replica2',
    loss: { kind: 'everything-after', bytes: expect.stringMatching(/^[1-9]\d+$/) },
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
  // From then on everybody knows.
  await lab.ask(PRIMARY, 'ALTER DATABASE shop RESET pontoon.replaced_by');
  await lab.ask(PRIMARY, 'ALTER DATABASE shop CONNECTION LIMIT -1');
  expect(await promote({ input: lab.input() }, lab)).toMatchObject({ to: 'replica2' });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: 0 }]);
});

test('a note that a dump has brought along proves nothing of the cluster that it is in', async () => {
  const other = await ClusterLab.open({ major: 17, standbys: 2 });
  try {
    await promote({ input: other.input({ to: 'replica2' }) }, other);
    const [noted] = await other.ask<{ text: string }>(
      'replica2',
      `SELECT current_setting('pontoon.took_place') AS text`,
    );
    // As `pg_dump --create` and pg_upgrade do.
    await lab.ask(
      PRIMARY,
      `ALTER DATABASE shop SET pontoon.took_place = ${escapeLiteral(noted?.text ?? '')}`,
    );
  } finally {
    await other.close();
  }
  await lab.untilReplayed(PRIMARY, ['replica1', 'replica2']);
  await promoteByHand();
  await expectRefused({ input: lab.input() }, /^'primary' must be given up for 'replica2' by name/);
});

test('who declares lost what answers, but lets nobody of us in, gives nothing up by that', async () => {
  await promoteByHand();
  await lab.server('replica1').stop();
  await lab.server(PRIMARY).setHba(['hostssl nobody nobody 127.0.0.1/32 scram-sha-256']);
  expect(await promote({ input: lab.input(), declareLost: true }, lab)).toMatchObject({
    result: 'already-promoted',
    to: 'replica2',
  });
  await lab.server(PRIMARY).setHba(LOOPBACK_HBA);
  await expect(promote({ input: lab.input() }, lab)).rejects.toMatchObject({
    code: 'NOT_GIVEN_UP',
  });
  expect(await lab.ask(PRIMARY, LIMITS)).toEqual([{ limit: -1 }]);
});

test('nor is one that an earlier run has fenced', async () => {
  let dead = false;
  const onEvent = (event: { readonly kind: string; readonly id?: string }): void => {
    dead ||= event.id === 'catch-up';
    if (dead) throw new Error('killed');
  };
  const killed = promote({ input: lab.input() }, { secrets: lab.secrets, onEvent });
  await expect(killed).rejects.toThrow('killed');
  await promoteByHand();
  for (const refused of [dryRunPromotion, promote])
    await expect(refused({ input: lab.input() }, lab)).rejects.toMatchObject({
      code: 'NOT_GIVEN_UP',
    });
  expect(
    await promote({ input: lab.input({ to: 'replica2' }), acceptLoss: true }, lab),
  ).toMatchObject({ result: 'already-promoted' });
});

test('where the other one lost its history, nobody can say how much that costs', async () => {
  await promoteByHand();
  rmSync(join(lab.server('replica2').dataDirectory, 'pg_wal', '00000002.history'));
  await lab.ask('replica2', 'CHECKPOINT');
  await expectRefused(
    { input: lab.input() },
    refusal(
      "neither 'to' nor --accept-loss",
      "nobody can say how much is lost, since 'replica2' has no 'pg_wal/00000002\\.history'",
    ),
  );
});
