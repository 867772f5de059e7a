import { publishMetrics } from '../../lib/handler/metrics';
import {
  type Connection,
  createTopology,
  deriveWatchPoints,
  LinkKind,
  Platform,
  rollbackOf,
} from '../../lib/postgres';
import { cutover, finalize, waitUntil } from '../../lib/runner';
import { CutoverLab, type LabServices } from '../runner/cutover/lab';

// What a cutover switches off on purpose must ring no alarm; what it switches on again must.

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

const server = { platform: Platform.AURORA, majorVersion: 17, database: 'app' };
const TOPOLOGY = createTopology({
  servers: { blue: server, green: server },
  links: [
    {
      kind: LinkKind.NATIVE,
      from: 'blue',
      to: 'green',
      slotName: 'forward',
      selection: { schemas: ['shop'] },
    },
  ],
});
const LINK = [
  'LagBytes',
  'LagSeconds',
  'LinkDown',
  'SlotMissing',
  'SlotLost',
  'RetainedWalBytes',
  'SubscriptionDown',
  'SubscriptionErrors',
  'TablesLeft',
];

/** The metrics of the link that are published now, and whether anything could not be read. */
async function published(): Promise<Record<string, number>> {
  const connections: Readonly<Record<string, Connection>> = lab.connections();
  const lines: string[] = [];
  const event = {
    pontoon: 'metrics' as const,
    run: {
      namespace: 'Pontoon',
      migration: 'Test',
      beats: [],
      pulses: [],
      servers: deriveWatchPoints(TOPOLOGY).map((watch) => ({
        connection: connections[watch.server],
        watch,
      })),
    },
    certificates: {},
  };
  await publishMetrics(event, services.secrets, { log: (line) => lines.push(line) });
  const found: Record<string, number> = {};
  for (const line of lines) {
    const values = JSON.parse(line) as Record<string, number>;
    for (const name of LINK) if (values[name] !== undefined) found[name] = values[name];
    found.Unreadable = (found.Unreadable ?? 0) + (values.Unreadable ?? 0);
  }
  return found;
}

/** Waits until the link is measured as one that carries. */
async function carries(): Promise<void> {
  await waitUntil({
    what: 'the link must carry',
    deadlineMs: 60_000,
    probe: async () => {
      const found = await published();
      const done = LINK.every((name) => found[name] !== undefined) && found.LinkDown === 0;
      return done ? { done, value: undefined } : { done, reason: JSON.stringify(found) };
    },
  });
}

const walk = (plan = lab.plan()) => cutover({ plan, owner: 'test' }, services);
const NOTHING = { Unreadable: 0 };

test('a link that carries is measured', async () => {
  await carries();
  expect(await published()).toMatchObject({ SlotMissing: 0, SubscriptionDown: 0 });
});

test('the way forward of an opened cutover is not', async () => {
  await walk();
  expect(await published()).toEqual(NOTHING);
});

test('after a rollback it is measured again, and missed', async () => {
  await walk(rollbackOf(lab.plan()));
  await carries();
  await lab.green.admin.query('ALTER SUBSCRIPTION forward DISABLE');
  expect(await published()).toMatchObject({ SubscriptionDown: 1 });
  await lab.green.admin.query('ALTER SUBSCRIPTION forward ENABLE');
  await carries();
});

test('nothing of a finalized migration is missed', async () => {
  await walk();
  await finalize({ plan: lab.plan(), owner: 'test' }, services);
  expect(await published()).toEqual(NOTHING);
});
