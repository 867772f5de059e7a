import { BlueGreenEndpoint, type BlueGreenEndpointArgs } from '../../lib/oci';
import {
  activeSide,
  inheritedSide,
  namesakes,
} from '../../lib/oci/blue-green-endpoint/active-side';
import type { Answers } from '../../lib/rehearsal/pulumi-program';
import { COMPARTMENT, ofType, only, refusal, registered, SUBNET, VCN } from './programs';

const BACKEND_SET =
  'oci:NetworkLoadBalancer/networkLoadBalancersBackendSetsUnified:NetworkLoadBalancersBackendSetsUnified';
const ENDPOINT = 'pontoon:index:BlueGreenEndpoint';

function args(others: Partial<BlueGreenEndpointArgs> = {}): BlueGreenEndpointArgs {
  return {
    compartmentId: COMPARTMENT,
    vcnId: VCN,
    subnetId: SUBNET,
    blue: { server: 'blue', ipAddress: '10.0.2.10' },
    green: { server: 'green', ipAddress: '10.0.2.20' },
    names: { zone: 'postgres.internal' },
    clientNetworks: ['10.0.1.0/24'],
    databaseNetworks: ['10.0.2.0/24'],
    ...others,
  };
}

interface Sided {
  readonly ipAddress: string;
  readonly isOffline: boolean;
  readonly isDrain: boolean;
  readonly isBackup: boolean;
}

function side(ipAddress: string, active: boolean): Sided {
  return { ipAddress, isOffline: false, isDrain: !active, isBackup: false };
}

/** A load balancer that has these backends. */
function having(...backends: Sided[]): Answers {
  const items = [{ name: 'databases', backends }];
  return {
    'oci:NetworkLoadBalancer/getBackendSets:getBackendSets': () => ({
      backendSetCollections: [{ items }],
    }),
  };
}

async function backends(answers: Answers = {}) {
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()), answers);
  return only(resources, BACKEND_SET).inputs.backends;
}

test('a new endpoint leads to the blue side', async () => {
  expect(await backends()).toEqual([
    {
      name: '10.0.2.10:5432',
      ipAddress: '10.0.2.10',
      port: 5432,
      isBackup: false,
      isOffline: false,
      isDrain: false,
      weight: 1,
    },
    {
      name: '10.0.2.20:5432',
      ipAddress: '10.0.2.20',
      port: 5432,
      isBackup: false,
      isOffline: false,
      isDrain: true,
      weight: 1,
    },
  ]);
});

test('after a switch the program says what the load balancer says', async () => {
  const switched = having(side('10.0.2.10', false), side('10.0.2.20', true));
  expect(await backends(switched)).toMatchObject([
    side('10.0.2.10', false),
    side('10.0.2.20', true),
  ]);
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()), switched);
  expect(only(resources, ENDPOINT).outputs).toMatchObject({ activeServer: 'green' });
});

test.each([
  [
    'both sides are active',
    [side('10.0.2.10', true), side('10.0.2.20', true)],
    'must have exactly one active backend, got 10.0.2.10 and 10.0.2.20',
  ],
  [
    'no side is active',
    [side('10.0.2.10', false), side('10.0.2.20', false)],
    'must have exactly one active backend, got none',
  ],
  [
    'one side is only a backup',
    [{ ...side('10.0.2.10', true), isBackup: true }, side('10.0.2.20', false)],
    'must have exactly one active backend, got none',
  ],
  [
    'clients are led elsewhere',
    [side('10.0.9.9', true), side('10.0.2.20', false)],
    "must lead to 'blue' at 10.0.2.10 or 'green' at 10.0.2.20, got 10.0.9.9",
  ],
])('the preview fails when %s', (_, there, rule) => {
  const sides = {
    blue: { server: 'blue', ipAddress: '10.0.2.10' },
    green: { server: 'green', ipAddress: '10.0.2.20' },
  };
  expect(() => activeSide(there, sides)).toThrow(
    `the load balancer ${rule}; nothing is changed, since that might let two databases be written to: see 'pontoon status', and correct the load balancer first`,
  );
});

test('a side is not retired while clients are led there', () => {
  const sides = { blue: undefined, green: { server: 'green', ipAddress: '10.0.2.20' } };
  expect(() => activeSide([side('10.0.2.10', true), side('10.0.2.20', false)], sides)).toThrow(
    "the load balancer must lead to 'green' at 10.0.2.20 before the other side is retired, got 10.0.2.10; walk 'pontoon cutover' and 'pontoon finalize' first",
  );
  expect(activeSide([side('10.0.2.10', false), side('10.0.2.20', true)], sides)).toBe('green');
  expect(activeSide([], sides)).toBe('green');
  const theirs = { id: 'other', displayName: 'reports', backends: [side('10.0.2.20', false)] };
  expect(inheritedSide('shop', [theirs], sides)).toBe('green');
});

test('an endpoint whose blue side is retired has one backend and no name for it', async () => {
  const { blue: _, ...rest } = args();
  const resources = await registered(
    () => new BlueGreenEndpoint('shop', rest),
    having(side('10.0.2.10', false), side('10.0.2.20', true)),
  );
  expect(only(resources, BACKEND_SET).inputs.backends).toMatchObject([side('10.0.2.20', true)]);
  expect(ofType(resources, 'oci:Dns/rrset:Rrset').map(({ name }) => name)).toEqual([
    'shop-record-application',
    'shop-record-green',
  ]);
  expect(only(resources, ENDPOINT).outputs).toMatchObject({
    spec: { sides: { green: '10.0.2.20' } },
  });
});

const SIDES = {
  blue: { server: 'blue', ipAddress: '10.0.2.10' },
  green: { server: 'green', ipAddress: '10.0.2.20' },
};
const LED_TO_BLUE = [side('10.0.2.10', true), side('10.0.2.20', false)];
const OF_ANOTHER_STACK = [side('10.9.2.10', false), side('10.9.2.20', true)];
const LED_TO_GREEN = [side('10.0.2.10', false), side('10.0.2.20', true)];

/** Load balancers of the compartment, by their ids, each with a name, a state, and what it leads to. */
function beside(there: Readonly<Record<string, [string, string, Sided[]]>>): Answers {
  const items = Object.entries(there).map(([id, [displayName, state]]) => ({
    id,
    displayName,
    state,
  }));
  return {
    'oci:NetworkLoadBalancer/getNetworkLoadBalancers:getNetworkLoadBalancers': () => ({
      networkLoadBalancerCollections: [{ items }],
    }),
    'oci:NetworkLoadBalancer/getBackendSets:getBackendSets': ({ networkLoadBalancerId }) => {
      const [, , backends] = there[networkLoadBalancerId] ?? [];
      const sets = backends === undefined ? [] : [{ name: 'databases', backends }];
      return { backendSetCollections: [{ items: sets }] };
    },
  };
}

test.each([
  ['has its name', 'shop', LED_TO_GREEN],
  ['is in front of the same databases', 'before-it-was-renamed', LED_TO_GREEN],
])('a load balancer that replaces one which %s leads where that led', async (_, name, led) => {
  expect(await backends(beside({ old: [name, 'ACTIVE', led] }))).toMatchObject(LED_TO_GREEN);
});

test('a new load balancer leads to the blue side whatever is deleted, empty, or somebody else’s', async () => {
  const there = beside({
    gone: ['shop', 'DELETED', LED_TO_GREEN],
    empty: ['shop', 'ACTIVE', []],
    theirs: ['reports', 'ACTIVE', [side('10.0.2.20', true)]],
    another: ['shop', 'ACTIVE', OF_ANOTHER_STACK],
  });
  expect(await backends(there)).toMatchObject(LED_TO_BLUE);
});

test('of a load balancer with its name in front of other databases somebody is told', () => {
  const other = { id: 'prod', displayName: 'shop', backends: OF_ANOTHER_STACK };
  expect(namesakes('shop', [other], SIDES)).toEqual([
    "the compartment has another load balancer called 'shop', which leads to neither database and is left alone: prod; if it is another stack's, give one of the two another name",
  ]);
  expect(namesakes('shop', [{ ...other, backends: LED_TO_GREEN }], SIDES)).toEqual([]);
});

test('what it says itself comes before what others say', async () => {
  const id = 'ocid1.networkloadbalancer.oc1..shop';
  const there = beside({
    [id]: ['shop', 'ACTIVE', LED_TO_GREEN],
    old: ['shop', 'ACTIVE', LED_TO_BLUE],
  });
  expect(await backends(there)).toMatchObject(LED_TO_GREEN);
});

test('nothing is guessed where those that it replaces lead to different sides', () => {
  const others = [
    { id: 'one', displayName: 'shop', backends: LED_TO_BLUE },
    { id: 'other', displayName: 'old', backends: LED_TO_GREEN },
  ];
  expect(() => inheritedSide('shop', others, SIDES)).toThrow(
    "the load balancer must lead where those lead that it replaces, got one and other, which lead to different sides; nothing is changed, since that might let two databases be written to: see 'pontoon status', and correct the load balancer first",
  );
});

test('the load balancer, which alone knows the side, is protected', async () => {
  const type = 'oci:NetworkLoadBalancer/networkLoadBalancer:NetworkLoadBalancer';
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()));
  expect(only(resources, type).protect).toBe(true);
  const loose = await registered(() => new BlueGreenEndpoint('shop', args({ protect: false })));
  expect(only(loose, type).protect).toBe(false);
});

test('both sides change in one call, and nothing fails over by itself', async () => {
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()));
  expect(only(resources, BACKEND_SET).inputs).toMatchObject({
    isPreserveSource: false,
    isFailOpen: false,
    isInstantFailoverEnabled: false,
    healthChecker: { protocol: 'TCP', port: 5432, intervalInMillis: 10_000 },
  });
  expect(only(resources, BACKEND_SET).ignoreChanges).toEqual([]);
  expect(resources.filter(({ type }) => type.endsWith(':Backend'))).toEqual([]);
});

test('how long an idle connection is remembered is said to clients too', async () => {
  const resources = await registered(
    () => new BlueGreenEndpoint('shop', args({ idleTimeoutSeconds: 1800 })),
  );
  expect(only(resources, 'oci:NetworkLoadBalancer/listener:Listener').inputs).toMatchObject({
    port: 5432,
    protocol: 'TCP',
    tcpIdleTimeout: 1800,
  });
  expect(only(resources, ENDPOINT).outputs).toMatchObject({
    clientParameters:
      'sslmode=verify-ca keepalives=1 keepalives_idle=600 keepalives_interval=150 keepalives_count=3',
  });
});

test('there is a name for applications, and one for each side', async () => {
  const names = { zone: 'db.shop', application: 'main', green: 'next', ttlSeconds: 5 };
  const resources = await registered(() => new BlueGreenEndpoint('shop', args({ names })));
  const records = ofType(resources, 'oci:Dns/rrset:Rrset').map(({ inputs }) => inputs.items);
  expect(records).toEqual(
    expect.arrayContaining([
      [
        {
          domain: 'main.db.shop',
          rtype: 'A',
          rdata: only(resources, ENDPOINT).outputs?.ipAddress,
          ttl: 5,
        },
      ],
      [{ domain: 'main-blue.db.shop', rtype: 'A', rdata: '10.0.2.10', ttl: 5 }],
      [{ domain: 'next.db.shop', rtype: 'A', rdata: '10.0.2.20', ttl: 5 }],
    ]),
  );
});

test('views of others stay attached to the resolver', async () => {
  const attachedViews = [{ viewId: 'ocid1.dnsview.oc1..theirs' }];
  const answers = { 'oci:Dns/getResolver:getResolver': () => ({ attachedViews }) };
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()), answers);
  expect(only(resources, 'oci:Dns/resolver:Resolver').inputs).toMatchObject({
    resolverId: 'ocid1.dnsresolver.oc1..shop',
    attachedViews: [
      { viewId: 'ocid1.dnsview.oc1..theirs' },
      { viewId: 'ocid1.view.oc1..shop-view' },
    ],
  });
});

test('rules of others stay, also when the endpoint goes', async () => {
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()));
  const { ignoreChanges, retainOnDelete } = only(resources, 'oci:Dns/resolver:Resolver');
  expect({ ignoreChanges, retainOnDelete }).toEqual({
    ignoreChanges: ['rules'],
    retainOnDelete: true,
  });
});

test('a view that is attached already is not attached twice, and none where nobody wants it', async () => {
  const viewId = 'ocid1.view.oc1..shop-view';
  const answers = { 'oci:Dns/getResolver:getResolver': () => ({ attachedViews: [{ viewId }] }) };
  const resources = await registered(() => new BlueGreenEndpoint('shop', args()), answers);
  expect(only(resources, 'oci:Dns/resolver:Resolver').inputs.attachedViews).toEqual([{ viewId }]);
  const names = { zone: 'postgres.internal', attach: false };
  const alone = await registered(() => new BlueGreenEndpoint('shop', args({ names })));
  expect(ofType(alone, 'oci:Dns/resolver:Resolver')).toEqual([]);
});

test('everything that is wrong is said at once', async () => {
  const wrong = args({
    green: { server: 'blue', ipAddress: '10.0.2.20' },
    clientNetworks: ['0.0.0.0/0'],
    databaseNetworks: [],
    names: { zone: 'postgres.internal', ttlSeconds: 300, blue: 'nlb-app' },
    idleTimeoutSeconds: 30,
    healthCheck: { retries: 0 },
  });
  const text = await refusal(() => new BlueGreenEndpoint('shop', wrong));
  for (const problem of [
    "'green.server' must be another server than 'blue.server', got 'blue' twice; correct one",
    '\'clientNetworks[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
    "'databaseNetworks' must have at least one network, got none; nothing would get through the load balancer",
    "'names' must be three names, got nlb-app.postgres.internal, nlb-app.postgres.internal, nlb-app-green.postgres.internal; rename one",
    "'names.ttlSeconds' must be a whole number from 1 to 60, got 300; clients would stay at an old address for that long",
    "'idleTimeoutSeconds' must be a whole number from 60 to 1800, got 30; correct it",
    "'healthCheck.retries' must be a whole number from 1 to 30, got 0; correct it",
  ])
    expect(text).toContain(problem);
});
