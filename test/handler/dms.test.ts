import { dmsPauseHandler } from '../../lib/handler/dms-pause';
import { dmsTaskHandler } from '../../lib/handler/dms-task';
import type { ResourceEvent, ResourceResult } from '../../lib/handler/resource';
import { DmsService, type FakeReplication } from './dms-service';

const TASK = 'arn:aws:dms:eu-west-1:1:task:T';
const CONFIG = 'arn:aws:dms:eu-west-1:1:replication-config:C';
const INSTANCE = 'arn:aws:dms:eu-west-1:1:rep:I';
const PAUSE_ID = 'dms-pause/key';

const run = dmsTaskHandler({ pollMs: 1 });
const pause = dmsPauseHandler({ pollMs: 1 });
const saved = { ...process.env };
let dms: DmsService;
let budgetMs: number;
let lines: string[];

beforeEach(async () => {
  dms = await DmsService.start();
  budgetMs = 900_000;
  lines = [];
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: dms.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
});
afterEach(async () => {
  process.env = { ...saved };
  await dms.stop();
});

// Each look at the clock costs a second, so that what never ends runs out of time at once.
const context = {
  remainingMs: () => {
    budgetMs -= 1000;
    return budgetMs;
  },
  log: (line: string) => {
    lines.push(line);
  },
};

function event(given: Partial<ResourceEvent>): ResourceEvent {
  return {
    requestType: 'Create',
    owner: 'stack/Resource',
    requestId: 'request-1',
    properties: taskProperties(),
    ...given,
  };
}

function taskProperties(given: Record<string, unknown> = {}): Record<string, unknown> {
  return { replication: 'key', task: TASK, reload: '0', watch: { definition: 'a' }, ...given };
}

function pauseProperties(definition: string): Record<string, unknown> {
  return { replication: 'key', instance: INSTANCE, watch: { definition, source: { port: '1' } } };
}

async function start(given: Partial<ResourceEvent> = {}): Promise<ResourceResult> {
  return await run(event(given), context);
}

const TESTED = ['test arn:source', 'test arn:target'];

describe('the task', () => {
  test('is started once its endpoints were reached', async () => {
    dms.add({ arn: TASK, status: 'creating', next: ['ready'] });
    expect(await start()).toEqual({ physicalResourceId: TASK, data: { status: 'running' } });
    expect(dms.requests).toEqual([...TESTED, `start ${TASK} start-replication`]);
    expect(lines).toEqual([`${TASK}: start-replication`, `${TASK}: running`]);
  });

  test('is left alone by a Create that comes twice, and by one that comes late', async () => {
    const task = dms.add({ arn: TASK });
    const results = await Promise.all([start(), start()]);
    await start();
    expect(results[0]).toEqual(results[1]);
    expect(task.status).toBe('running');
    expect(dms.requests.filter((line) => line.startsWith('stop'))).toEqual([]);
  });

  test('may end at once when it only loads', async () => {
    const task = dms.add({ arn: TASK, afterStart: ['starting', 'running', 'stopped'] });
    task.stopReason = 'Stop Reason FULL_LOAD_ONLY_FINISHED';
    await start();
    await start({ requestType: 'Update', physicalResourceId: TASK });
    expect(task.status).toBe('stopped');
    expect(dms.requests.filter((line) => line.startsWith('start'))).toHaveLength(1);
  });

  test('that fails says why, and Create leaves nothing that runs', async () => {
    dms.add({
      arn: TASK,
      afterStart: ['starting', 'failed'],
      failure: 'Last Error replication slot "pontoon" does not exist',
    });
    await expect(start()).rejects.toThrow(
      `DMS replication '${TASK}' must run, got 'failed' (Last Error replication slot "pontoon" does not exist); mend what it says and deploy again`,
    );
  });

  test('that cannot reach an endpoint is not started', async () => {
    dms.add({ arn: TASK });
    dms.unreachable.set('arn:source', 'FATAL: no pg_hba.conf entry');
    await expect(start()).rejects.toThrow(
      "DMS endpoint 'arn:source' must be reachable from its replication instance, got 'failed' (FATAL: no pg_hba.conf entry); check address, login, certificate, security groups and routes",
    );
    expect(dms.requests).toEqual(TESTED);
  });

  test('that never comes to run is an error with its state', async () => {
    const task = dms.add({ arn: TASK, afterStart: ['starting'] });
    await expect(start()).rejects.toThrow(
      `DMS replication '${TASK}' must run before the time is up, got 'starting'; look at its log, wait until it has settled, and deploy again`,
    );
    expect(task.status).toBe('starting');
    expect(lines.at(-1)).toContain('not stopped, PontoonError: DMS replication');
  });

  test('is resumed by an Update, from failure too', async () => {
    for (const status of ['stopped', 'failed']) {
      const task = dms.add({ arn: `${TASK}-${status}`, status, hasRun: true });
      await start({
        requestType: 'Update',
        physicalResourceId: task.arn,
        properties: taskProperties({ task: task.arn }),
        oldProperties: taskProperties({ task: task.arn }),
      });
      expect(task.status).toBe('running');
      expect(dms.requests).toContain(`start ${task.arn} resume-processing`);
    }
  });

  test('that failed before it ever ran is started anew', async () => {
    dms.add({ arn: TASK, status: 'failed' });
    await start({ requestType: 'Update', physicalResourceId: TASK });
    expect(dms.requests.slice(2)).toEqual([
      `start ${TASK} resume-processing`,
      `start ${TASK} start-replication`,
    ]);
  });

  test('is reloaded once when that is asked for, however often', async () => {
    dms.add({ arn: TASK, status: 'running', hasRun: true });
    const update = {
      requestType: 'Update',
      physicalResourceId: TASK,
      properties: taskProperties({ reload: '1' }),
      oldProperties: taskProperties(),
    } as const;
    await start(update);
    await start(update);
    expect(dms.requests).toEqual([
      `stop ${TASK}`,
      ...TESTED,
      `start ${TASK} reload-target`,
      `tag ${TASK} pontoon:reload=1`,
    ]);
  });

  test('that was replaced is started, and the old one stopped by its id', async () => {
    const old = dms.add({ arn: `${TASK}-old`, status: 'running', hasRun: true });
    dms.add({ arn: TASK });
    const result = await start({
      requestType: 'Update',
      physicalResourceId: old.arn,
      oldProperties: taskProperties({ task: old.arn }),
    });
    expect(result.physicalResourceId).toBe(TASK);
    await start({ requestType: 'Delete', physicalResourceId: old.arn });
    expect(old.status).toBe('stopped');
    expect(dms.requests.slice(2)).toEqual([`start ${TASK} start-replication`, `stop ${old.arn}`]);
  });

  test('is stopped by a Delete; one that is gone is no error', async () => {
    const task = dms.add({ arn: TASK, status: 'starting', next: ['running'], hasRun: true });
    const deletion = { requestType: 'Delete', physicalResourceId: TASK } as const;
    await start(deletion);
    await start(deletion);
    expect(task.status).toBe('stopped');
    dms.replications.length = 0;
    expect(await start(deletion)).toEqual({ physicalResourceId: TASK, data: { status: 'gone' } });
  });

  test('must be named', async () => {
    await expect(start({ properties: { task: TASK, config: CONFIG } })).rejects.toThrow(
      "the DMS replication has 2 problems:\n- 'replication' must be given, got nothing; add it\n- the DMS replication must be named by one of 'task', 'config', 'instance', 'configName', got 'task' and 'config'; give one",
    );
  });
});

describe('the serverless replication', () => {
  const properties = { replication: 'key', config: CONFIG, reload: '0', watch: {} };

  test('is started until AWS only provides capacity', async () => {
    dms.add({
      arn: CONFIG,
      afterStart: ['initializing', 'testing_connection', 'provisioning_capacity'],
    });
    expect(await start({ properties })).toEqual({
      physicalResourceId: CONFIG,
      data: { status: 'provisioning_capacity' },
    });
    expect(dms.requests).toEqual([`start ${CONFIG} start-replication`]);
  });

  test('that fails says why', async () => {
    dms.add({ arn: CONFIG, afterStart: ['initializing', 'failed'], failure: 'no subnet' });
    await expect(start({ properties })).rejects.toThrow(
      `DMS replication '${CONFIG}' must run, got 'failed' (no subnet); mend what it says and deploy again`,
    );
  });

  test('is paused by its name', async () => {
    const one = dms.add({ arn: CONFIG, status: 'running', hasRun: true, name: 'p-config' });
    await pause(
      event({
        requestType: 'Update',
        properties: { replication: 'key', configName: 'p-config', watch: '2' },
        oldProperties: { replication: 'key', configName: 'p-config', watch: '1' },
      }),
      context,
    );
    expect(one.status).toBe('stopped');
  });
});

describe('the pause', () => {
  const running = (given: Partial<FakeReplication> = {}): FakeReplication =>
    dms.add({ arn: TASK, status: 'running', hasRun: true, ...given });
  const update = (given: Partial<ResourceEvent> = {}): ResourceEvent =>
    event({
      requestType: 'Update',
      physicalResourceId: PAUSE_ID,
      properties: pauseProperties('b'),
      oldProperties: pauseProperties('a'),
      ...given,
    });

  test('does nothing on Create, and without a change', async () => {
    running();
    const unchanged = update({ oldProperties: pauseProperties('b') });
    const created = event({ properties: pauseProperties('a') });
    expect(await pause(created, context)).toEqual({ physicalResourceId: PAUSE_ID, data: {} });
    expect(await pause(unchanged, context)).toEqual({ physicalResourceId: PAUSE_ID, data: {} });
    expect(dms.requests).toEqual([]);
  });

  test('stops the one task with its tag, on whichever page', async () => {
    for (const arn of ['other-1', 'other-2', 'other-3'])
      running({ arn, tags: { 'pontoon:replication': 'another' } });
    running();
    const result = await pause(update(), context);
    expect(result.physicalResourceId).toBe(`${PAUSE_ID}/stopped/request-1`);
    expect(dms.requests).toEqual([`stop ${TASK}`, `tag ${TASK} pontoon:paused-by=request-1`]);
  });

  test('that comes late does not stop what was resumed', async () => {
    const task = running();
    const first = await pause(update(), context);
    task.status = 'running';
    expect(await pause(update(), context)).toEqual(first);
    expect(task.status).toBe('running');
  });

  test('keeps its id when nothing ran', async () => {
    running({ status: 'stopped' });
    expect((await pause(update(), context)).physicalResourceId).toBe(PAUSE_ID);
  });

  test('goes back to its first id when an update is rolled back, so that the other one is deleted', async () => {
    running();
    const { physicalResourceId } = await pause(update(), context);
    const rollback = update({
      physicalResourceId,
      requestId: 'request-2',
      properties: pauseProperties('a'),
      oldProperties: pauseProperties('b'),
    });
    expect((await pause(rollback, context)).physicalResourceId).toBe(PAUSE_ID);
  });

  test('finds a task on the instance that is being replaced', async () => {
    const task = running({ instance: 'arn:old' });
    await pause(
      update({ oldProperties: { ...pauseProperties('a'), instance: 'arn:old' } }),
      context,
    );
    expect(task.status).toBe('stopped');
  });

  test('resumes after an update that failed: CloudFormation then deletes the id of the pause', async () => {
    const task = running();
    const { physicalResourceId } = await pause(update(), context);
    await pause(
      event({ requestType: 'Delete', physicalResourceId, properties: pauseProperties('b') }),
      context,
    );
    expect(dms.requests.slice(2)).toEqual([...TESTED, `start ${TASK} resume-processing`]);
    expect(task.status).toBe('starting');
  });

  test('leaves a running task alone when an update has succeeded, and when the stack is deleted', async () => {
    running();
    for (const physicalResourceId of [PAUSE_ID, `${PAUSE_ID}/stopped/earlier`]) {
      await pause(
        event({ requestType: 'Delete', physicalResourceId, properties: pauseProperties('b') }),
        context,
      );
    }
    dms.replications.length = 0;
    await pause(
      event({
        requestType: 'Delete',
        physicalResourceId: `${PAUSE_ID}/stopped/earlier`,
        properties: pauseProperties('b'),
      }),
      context,
    );
    expect(dms.requests).toEqual([]);
  });
});
