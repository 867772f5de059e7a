import {
  CUTOVER_STEPS,
  createTopology,
  LinkKind,
  Platform,
  renderCutoverRunbook,
  WalLevel,
} from '../../lib/postgres';
import { hybridChain, physicalChain } from './hybrid-chain';

const topology = hybridChain({ kind: LinkKind.DMS });

test('the operator’s page of a cutover', () => {
  expect(renderCutoverRunbook(topology, 'onPremises')).toMatchSnapshot();
});

test('has every step, and says of one only that nothing undoes it', () => {
  const page = renderCutoverRunbook(topology, 'onPremises');
  for (const { title, purpose } of CUTOVER_STEPS) {
    expect(page).toContain(title);
    expect(page).toContain(purpose);
  }
  expect(page.match(/\*\*Open the new writer\*\*/g)).toHaveLength(1);
  expect(page).toContain('**Step 11 is the point of no return.**');
});

test('there is none for a server whose tables nobody replicates', () => {
  expect(renderCutoverRunbook(topology, 'aurora')).toBe('');
  expect(renderCutoverRunbook(physicalChain(15, 'shop'), 'onPremises')).toBe('');
});

/** The page of a cutover between two servers of one platform. */
function pageOn(platform: Platform): string {
  const server = { platform, majorVersion: 16, database: 'shop' };
  const between = createTopology({
    servers: { blue: { ...server, walLevel: WalLevel.LOGICAL }, green: server },
    links: [{ kind: LinkKind.NATIVE, from: 'blue', to: 'green', selection: { schemas: ['shop'] } }],
  });
  return renderCutoverRunbook(between, 'blue');
}

const LIFT = 'runs `pontoon cutover --lift-expired --file cutover.json`';

test.each([
  {
    platform: Platform.AURORA,
    lifted: 'The deployment’s watch lifts a fence within a minute of its deadline',
    others: [LIFT, 'RunnerHost', 'cron', 'pulumi'],
  },
  {
    platform: Platform.OCI_POSTGRESQL,
    lifted: 'The timer of the deployment’s `RunnerHost` lifts a fence within a minute',
    others: ['aws ', 'AWS', 'state machine', 'Step Functions', 'CloudFormation', 'the stack,'],
  },
  {
    platform: Platform.SELF_MANAGED,
    lifted: 'Have cron run `pontoon cutover --lift-expired --file cutover.json` each minute',
    others: ['aws ', 'AWS', 'state machine', 'RunnerHost', 'pulumi', 'the stack'],
  },
])(
  'on $platform it says who lifts a fence there, and nothing of other clouds',
  ({ platform, lifted, others }) => {
    const page = pageOn(platform);
    expect(page).toContain(lifted);
    for (const other of others) expect(page).not.toContain(other);
  },
);
