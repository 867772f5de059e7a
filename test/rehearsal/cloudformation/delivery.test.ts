import {
  CloudFormationStandIn,
  type CustomResourceEvent,
} from '../../../lib/rehearsal/cloudformation';
import { answerTo, assemblyOf, custom, PlayedStack, put } from './played-stack';

const ONE = { Resources: { A: custom({ ServiceTimeout: 5 }) } };

async function failureOf(stack: PlayedStack, template: object = ONE): Promise<string | undefined> {
  try {
    return (await stack.deploy(template)).reason;
  } finally {
    await stack.close();
  }
}

describe('deliveries', () => {
  test('a duplicate is the same event once more, before anything else happens', async () => {
    const stack = new PlayedStack({
      fault: ({ RequestType }) => (RequestType === 'Create' ? 'duplicate' : undefined),
    });
    await stack.deploy({ Resources: { A: custom(), B: custom({}, { DependsOn: 'A' }) } });
    await stack.close();
    expect(stack.calls()).toEqual(['Create A', 'Create A', 'Create B', 'Create B']);
    expect(stack.events[1]).toEqual(stack.events[0]);
  });

  test('a lost response breaks the connection, then the event comes again', async () => {
    const stack = new PlayedStack({ fault: () => 'lost-response', retries: 0 });
    const result = await stack.deploy(ONE);
    await stack.close();
    expect([result.status, stack.calls()]).toEqual(['CREATE_COMPLETE', ['Create A', 'Create A']]);
    expect(stack.events[1]?.RequestId).toBe(stack.events[0]?.RequestId);
  });

  test('a late duplicate comes when it is asked for, and changes nothing', async () => {
    const stack = new PlayedStack({
      fault: ({ RequestType }) => (RequestType === 'Create' ? 'late-duplicate' : undefined),
    });
    await stack.deploy(ONE);
    const cloudformation = await stack.cloudformation();
    await cloudformation.destroy('App');
    const delivered = await cloudformation.deliverLate();
    await stack.close();
    expect(stack.calls()).toEqual(['Create A', 'Delete A id-A', 'Create A']);
    expect(delivered).toEqual([stack.events[0]]);
    expect(cloudformation.stackNames()).toEqual([]);
  });

  test('an event is delivered twice more when the function fails', async () => {
    const stack = new PlayedStack();
    stack.behaviour = () => {
      if (stack.events.length < 3) throw new Error('connection refused');
      return {};
    };
    const result = await stack.deploy(ONE);
    await stack.close();
    expect([result.status, stack.events.length]).toEqual(['CREATE_COMPLETE', 3]);
    expect(new Set(stack.events.map(({ RequestId }) => RequestId)).size).toBe(1);
  });
});

describe('answers that are missing or wrong', () => {
  test('a function that always fails; the Delete carries an id that CloudFormation made', async () => {
    const stack = new PlayedStack();
    stack.behaviour = ({ RequestType }) => {
      if (RequestType === 'Create') throw new Error('no route to host');
      return {};
    };
    expect(await failureOf(stack)).toBe(
      'A: the function of "A" must answer the Create request, but the function failed: no route to host',
    );
    expect(stack.calls()).toEqual([
      'Create A',
      'Create A',
      'Create A',
      expect.stringMatching(/^Delete A App-A-[0-9A-F]{12}$/),
    ]);
  });

  test('a function that cannot be invoked leaves nothing to delete', async () => {
    const called: string[] = [];
    const stack = new PlayedStack({
      invoke: async (token, { RequestType }) => {
        called.push(RequestType);
        throw new Error(`no function ${token}`);
      },
    });
    expect(await failureOf(stack)).toBe('A: no function arn:function');
    expect(called).toEqual(['Create']);
  });

  test('a function that returns without an answer', async () => {
    const stack = new PlayedStack();
    stack.behaviour = ({ RequestType }) => (RequestType === 'Create' ? 'silent' : {});
    expect(await failureOf(stack)).toBe(
      'A: the function of "A" must answer the Create request, but the function returned without one',
    );
  });

  test('a function that exceeds ServiceTimeout', async () => {
    let release: (() => void) | undefined;
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    const cloudformation = await CloudFormationStandIn.start({
      invoke: async (_token, event: CustomResourceEvent) => {
        if (event.RequestType === 'Create') await hanging;
        await put(event.ResponseURL, JSON.stringify(answerTo(event, {})));
        return {};
      },
    });
    const template = { Resources: { A: custom({ ServiceTimeout: 4 }) } };
    const result = await cloudformation.deploy(assemblyOf({ App: template }), 'App');
    release?.();
    await cloudformation.close();
    expect([result.status, result.reason]).toEqual([
      'ROLLBACK_COMPLETE',
      'A: the function of "A" must answer the Create request, got none within 4 s (ServiceTimeout)',
    ]);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['no status', { Status: 'DONE' }, `'Status' must be SUCCESS or FAILED, got "DONE"`],
    [
      'another request',
      { RequestId: 'other' },
      `'RequestId' must be copied from the event, got a string that differs`,
    ],
    [
      'no reason',
      { Status: 'FAILED' },
      `'Reason' must be given when 'Status' is FAILED, got nothing`,
    ],
    [
      'no physical id',
      { PhysicalResourceId: '' },
      `'PhysicalResourceId' must be a string that is not empty, got a string`,
    ],
    [
      'a long physical id',
      { PhysicalResourceId: 'x'.repeat(1025) },
      `'PhysicalResourceId' must have 1024 bytes at most, got more`,
    ],
    ['data that is a list', { Data: [1] }, `'Data' must be an object, got a list of 1`],
  ])('%s', async (_name, parts, problem) => {
    const stack = new PlayedStack();
    stack.behaviour = ({ RequestType }) => (RequestType === 'Create' ? parts : {});
    expect(await failureOf(stack)).toBe(`A: invalid answer: ${problem}`);
  });

  test('an answer of more than 4096 bytes is refused', async () => {
    const stack = new PlayedStack();
    stack.behaviour = ({ RequestType }) =>
      RequestType === 'Create' ? { Data: { x: 'x'.repeat(4096) } } : {};
    expect(await failureOf(stack)).toMatch(
      /^A: the answer must have 4096 bytes at most, got 4\d{3}$/,
    );
  });

  test.each<[string, Record<string, string>, string, number]>([
    [
      'a content type',
      { 'content-type': 'application/json', 'content-length': '2' },
      `the answer must have an empty Content-Type, which is part of the URL's signature, got "application/json"`,
      403,
    ],
    [
      'a chunked body',
      { 'transfer-encoding': 'chunked' },
      'the answer must have a Content-Length, got a chunked body',
      501,
    ],
  ])('an answer with %s is refused', async (_name, headers, reason, status) => {
    const statuses: number[] = [];
    const cloudformation = await CloudFormationStandIn.start({
      invoke: async (_token, event) => {
        const create = event.RequestType === 'Create';
        const body = create ? '{}' : JSON.stringify(answerTo(event, {}));
        statuses.push(await put(event.ResponseURL, body, create ? headers : undefined));
        return {};
      },
    });
    const result = await cloudformation.deploy(assemblyOf({ App: ONE }), 'App');
    await cloudformation.close();
    expect([result.reason, statuses]).toEqual([
      `A: the function of "A" must answer the Create request, but the function returned without one; refused: ${reason}`,
      [status, 200],
    ]);
  });

  test('a URL whose query was changed is refused', async () => {
    const statuses: number[] = [];
    const cloudformation = await CloudFormationStandIn.start({
      invoke: async (_token, event) => {
        const body = JSON.stringify(answerTo(event, {}));
        const url = event.RequestType === 'Create' ? event.ResponseURL.split('?')[0] : undefined;
        statuses.push(await put(url ?? event.ResponseURL, body));
        return {};
      },
    });
    await cloudformation.deploy(assemblyOf({ App: ONE }), 'App');
    await cloudformation.close();
    expect(statuses).toEqual([403, 200]);
  });

  test('a ServiceTimeout that CloudFormation refuses', async () => {
    const template = { Resources: { A: custom({ ServiceTimeout: 4000 }) } };
    expect(await failureOf(new PlayedStack(), template)).toBe(
      `A: 'ServiceTimeout' must be a whole number of seconds from 1 to 3600, got 4000`,
    );
  });

  test('no ServiceToken', async () => {
    const template = { Resources: { A: custom({ ServiceToken: '' }) } };
    expect(await failureOf(new PlayedStack(), template)).toBe(
      `A: 'ServiceToken' of "A" (Custom::Thing) must be a string that is not empty`,
    );
  });
});
