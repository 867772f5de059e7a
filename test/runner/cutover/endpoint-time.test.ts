import { type EndpointCall, rollbackOf } from '../../../lib/postgres';
import { type CutoverServices, cutover } from '../../../lib/runner';
import { CutoverLab, type LabServices } from './lab';

// How long a walk waits for what clients connect to.

let lab: CutoverLab;
let services: LabServices;
beforeAll(async () => {
  lab = await CutoverLab.start([17, 17]);
  services = await lab.services();
});
afterAll(async () => {
  await services.close();
  await lab.stop();
});

test('a switch that is given up ends before clients are sent back', async () => {
  const told: string[] = [];
  const endpoint = {
    active: async () => 'blue',
    activate: async (server: string, { signal }: EndpointCall = {}) => {
      told.push(`to ${server}`);
      if (server === 'blue') return;
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          told.push('given up');
          reject(signal.reason);
        });
      });
    },
  };
  await expect(
    cutover({ plan: lab.plan({ budgetMs: 6_000 }), owner: 'test' }, { ...services, endpoint }),
  ).rejects.toMatchObject({
    code: 'UNDONE',
    message: expect.stringContaining('cannot send clients to the new writer'),
  });
  expect(told).toEqual(['to green', 'given up', 'to blue']);
});

test('what comes by itself is waited for after the opening', async () => {
  // The way forward was resumed a moment ago.
  await lab.followed();
  const told: string[] = [];
  const more: Partial<CutoverServices> = {
    endpoint: {
      ...services.endpoint,
      untilEverywhere: async (server) => {
        told.push(`everywhere ${server}`);
      },
    },
    onEvent: (event) => {
      if (event.kind === 'done') told.push(event.step.id);
    },
  };
  await cutover({ plan: lab.plan(), owner: 'test' }, { ...services, ...more });
  expect(told.slice(-3)).toEqual(['open', 'everywhere green', 'settle']);
});

test('clients that somebody else sends back meanwhile are sent to the new writer again', async () => {
  const back = rollbackOf(lab.plan());
  if (back === undefined) throw new Error('there is a way back');
  await cutover({ plan: back, owner: 'test' }, services);
  const told: string[] = [];
  let active = 'blue';
  await cutover(
    { plan: lab.plan(), owner: 'test' },
    {
      ...services,
      endpoint: {
        active: async () => active,
        activate: async (server) => {
          active = server;
          await services.endpoint.activate(server);
        },
        untilEverywhere: async () => {
          active = 'blue';
        },
      },
      onEvent: (event) => {
        if (event.kind === 'done' && event.step.id === 'switch') active = 'blue';
        if (event.kind === 'note') told.push(event.text);
      },
    },
  );
  expect(active).toBe('green');
  expect(told.filter((text) => text.includes('meanwhile'))).toEqual([
    "clients were sent to 'blue' meanwhile, by somebody else: sent back",
    "clients were sent to 'blue' meanwhile, by somebody else: sent back",
  ]);
  lab.active = 'blue';
  await cutover({ plan: lab.plan(), owner: 'test' }, services);
  expect(lab.active).toBe('green');
});
