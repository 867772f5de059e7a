import { isDeepStrictEqual } from 'node:util';
import {
  BlueGreenDeployment,
  type BlueGreenDeploymentArgs,
  type BlueGreenReplication,
  ReplicationMethod,
} from '../../lib/oci';
import { requireKnown } from '../../lib/oci/blue-green-deployment/databases';
import { parseCutover, readTopology } from '../../lib/postgres';
import type { Answers, RegisteredResource } from '../../lib/rehearsal/pulumi-program';
import { administered, deployment } from './deployment';
import { exposures } from './described';
import { ofType, only, refusal, registered } from './programs';
import { violations } from './violations';

const DEPLOYMENT = 'pontoon:index:BlueGreenDeployment';
const COMMAND = 'command:remote:Command';
const SECRET = 'oci:Vault/secret:Secret';

function program(others: Partial<BlueGreenDeploymentArgs> = {}): Promise<RegisteredResource[]> {
  return registered(() => new BlueGreenDeployment('shop', deployment(others)));
}

/** The objects by the names of their components, each with what it is and what it waits for. */
function objects(resources: readonly RegisteredResource[]) {
  const commands = ofType(resources, COMMAND);
  const nameOf = (urn: string) => /::([^:]+)$/.exec(urn)?.[1] ?? urn;
  return Object.fromEntries(
    commands.map(({ name, inputs, dependencies }) => {
      const { connection, spec } = JSON.parse(String(inputs.stdin));
      const after = dependencies.filter((urn) => commands.some((other) => other.urn === urn));
      return [name, { server: connection.server, spec, after: after.map(nameOf).sort() }];
    }),
  );
}

test('everything that replicates is made in the order in which each needs the others', async () => {
  const made = objects(await program());
  expect(
    Object.fromEntries(
      Object.entries(made).map(([name, { server, after }]) => [name, [server, after]]),
    ),
  ).toEqual({
    'shop-blue-ledger-ledger-ledger-in-blue-shop': ['blue', []],
    'shop-green-ledger-ledger-ledger-in-green-shop': ['green', []],
    'shop-reader-role-pontoon_reader-in-blue-shop': [
      'blue',
      ['shop-blue-ledger-ledger-ledger-in-blue-shop'],
    ],
    'shop-reverse-role-pontoon_reverse-in-green-shop': [
      'green',
      ['shop-green-ledger-ledger-ledger-in-green-shop'],
    ],
    'shop-blue-canary-canary-canary-in-blue-shop': [
      'blue',
      ['shop-reader-role-pontoon_reader-in-blue-shop'],
    ],
    'shop-green-canary-canary-canary-in-green-shop': [
      'green',
      [
        'shop-green-ledger-ledger-ledger-in-green-shop',
        'shop-reverse-role-pontoon_reverse-in-green-shop',
      ],
    ],
    'shop-reverse-publication-publication-pontoon_reverse-in-green-shop': [
      'green',
      [
        'shop-blue-canary-canary-canary-in-blue-shop',
        'shop-green-canary-canary-canary-in-green-shop',
        'shop-reverse-role-pontoon_reverse-in-green-shop',
      ],
    ],
    'shop-guard-connection-guard-connection-guard-in-green-shop': [
      'green',
      [
        'shop-green-ledger-ledger-ledger-in-green-shop',
        'shop-reverse-role-pontoon_reverse-in-green-shop',
      ],
    ],
    'shop-publication-publication-pontoon-in-blue-shop': [
      'blue',
      [
        'shop-blue-canary-canary-canary-in-blue-shop',
        'shop-green-canary-canary-canary-in-green-shop',
        'shop-reader-role-pontoon_reader-in-blue-shop',
      ],
    ],
    'shop-slot-logical-slot-pontoon_green-in-blue-shop': [
      'blue',
      ['shop-publication-publication-pontoon-in-blue-shop'],
    ],
    'shop-subscription-subscription-pontoon-in-green-shop': [
      'green',
      [
        'shop-blue-canary-canary-canary-in-blue-shop',
        'shop-green-canary-canary-canary-in-green-shop',
        'shop-guard-connection-guard-connection-guard-in-green-shop',
        'shop-slot-logical-slot-pontoon_green-in-blue-shop',
      ],
    ],
  });
});

test('the green database finds the blue one, whose certificate it checks', async () => {
  const made = objects(await program());
  expect(made['shop-subscription-subscription-pontoon-in-green-shop']?.spec).toMatchObject({
    publisher: {
      server: 'blue',
      host: 'shop-blue-primary.postgresql.us-ashburn-1.oc1.oraclecloud.com',
      port: 5432,
      database: 'shop',
      secret: 'ocid1.secret.oc1..shop-reader-login',
      sslMode: 'verify-full',
      sslRootCert: '/etc/opt/postgresql/ca-bundle.pem',
    },
    slotName: 'pontoon_green',
    copyData: true,
  });
});

test('what a component says of itself is what a cutover and a rehearsal read', async () => {
  const resources = await program();
  const { outputs = {} } = only(resources, DEPLOYMENT);
  expect(readTopology(outputs.topology)).toMatchObject({
    servers: { blue: { majorVersion: 16 }, green: { majorVersion: 17 } },
  });
  expect(outputs.bindings).toMatchObject({
    blue: { server: 'blue', port: 5432, secret: 'ocid1.vaultsecret.oc1..blue-login' },
    green: { server: 'green', port: 5432, secret: 'ocid1.vaultsecret.oc1..green-login' },
  });
  const cutover = parseCutover(JSON.parse(String(outputs.cutover)));
  expect(cutover.plan).toMatchObject({
    migration: 'shop',
    from: 'blue',
    to: 'green',
    forward: [{ subscription: 'pontoon', publication: 'pontoon', slotName: 'pontoon_green' }],
    reverse: [{ subscription: 'pontoon_reverse', publisher: { server: 'green' } }],
    keep: { blue: ['pontoon_reader'], green: ['pontoon_reverse'] },
    limits: { budgetMs: 60_000 },
  });
  expect(cutover.endpoint).toMatchObject({
    kind: 'oci-network-load-balancer',
    backendSetName: 'databases',
    sides: {
      blue: expect.stringMatching(/^10\.200\./),
      green: expect.stringMatching(/^10\.200\./),
    },
  });
});

test('passwords are made in Vault, and the program never sees them', async () => {
  const secrets = ofType(await program(), SECRET);
  expect(secrets.map(({ name }) => name)).toEqual(['shop-reader-login', 'shop-reverse-login']);
  expect(secrets[0]?.inputs).toMatchObject({
    enableAutoGeneration: true,
    secretGenerationContext: {
      generationType: 'PASSPHRASE',
      secretTemplate: '{"username":"pontoon_reader","password":"%GENERATED_PASSPHRASE%"}',
    },
  });
  for (const { inputs } of secrets) expect(inputs).not.toHaveProperty('secretContent');
});

test('the host may read the logins that it needs, and switch load balancers beside it', async () => {
  const { inputs } = only(await program(), 'oci:Identity/policy:Policy');
  expect(inputs.statements).toEqual([
    "Allow dynamic-group shop-runner to read secret-bundles in compartment id ocid1.compartment.oc1..shop where any {target.secret.id = 'ocid1.vaultsecret.oc1..blue-login', target.secret.id = 'ocid1.vaultsecret.oc1..green-login', target.secret.id = 'ocid1.secret.oc1..shop-reader-login', target.secret.id = 'ocid1.secret.oc1..shop-reverse-login'}",
    'Allow dynamic-group shop-runner to use network-load-balancers in compartment id ocid1.compartment.oc1..shop',
  ]);
});

test('plain keys are kept as secrets wherever they are handed on, also that of a host in between', async () => {
  const proxy = { host: 'b', user: 'b', hostKey: 'ssh-ed25519 BBBB', privateKey: 'private-key-2' };
  const runner = { ...deployment().runner, proxy };
  const resources = await program({ runner });
  expect(exposures(resources, 'private-key')).toEqual([]);
  expect(exposures(resources, 'ssh-ed25519 BBBB')).not.toEqual([]);
});

test('as long as the schema is not copied, nothing replicates', async () => {
  const resources = await program({ replication: { selection: { schemas: ['public'] } } });
  expect(ofType(resources, COMMAND)).toEqual([]);
  expect(ofType(resources, 'oci:Psql/dbSystem:DbSystem')).toHaveLength(2);
});

test('without a way back the green database has no role and no publication for it', async () => {
  const replication = { selection: { schemas: ['public'] }, schemaCopied: true, wayBack: false };
  const resources = await program({ replication });
  const made = objects(resources);
  expect(Object.keys(made).filter((name) => name.includes('reverse'))).toEqual([]);
  expect(made['shop-guard-connection-guard-connection-guard-in-green-shop']?.spec.keep).toEqual([]);
  const cutover = JSON.parse(String(only(resources, DEPLOYMENT).outputs?.cutover));
  expect(cutover.plan).not.toHaveProperty('reverse');
});

test('a database that is there is taken as it is', async () => {
  const resources = await program({
    blue: {
      majorVersion: 16,
      existing: {
        dbSystemId: 'ocid1.postgresqldbsystem.oc1..legacy',
        loginSecretId: 'ocid1.vaultsecret.oc1..legacy',
      },
    },
  });
  expect(ofType(resources, 'oci:Psql/dbSystem:DbSystem').map(({ name }) => name)).toEqual([
    'shop-green',
  ]);
  expect(only(resources, DEPLOYMENT).outputs?.bindings).toMatchObject({
    blue: {
      host: 'legacy-primary.postgresql.us-ashburn-1.oc1.oraclecloud.com',
      secret: 'ocid1.vaultsecret.oc1..legacy',
    },
  });
});

/** The load balancer, as it leads to `active` of the two addresses. */
function leading(active: string, ...addresses: string[]): Answers {
  const backends = addresses.map((ipAddress) => ({
    ipAddress,
    isOffline: false,
    isDrain: ipAddress !== active,
    isBackup: false,
  }));
  return {
    'oci:NetworkLoadBalancer/getBackendSets:getBackendSets': () => ({
      backendSetCollections: [{ items: [{ name: 'databases', backends }] }],
    }),
  };
}

/** The addresses of both databases. */
async function addresses(): Promise<{ readonly blue: string; readonly green: string }> {
  const cutover = JSON.parse(String(only(await program(), DEPLOYMENT).outputs?.cutover));
  return cutover.endpoint.sides;
}

test('another database is not taken for the one that has everything, as long as the schema is copied', async () => {
  const { blue, green } = await addresses();
  expect(() => requireKnown('green', '10.0.0.9', [blue, green])).toThrow(
    `the database on side 'green' must be one that the load balancer knows as long as the schema is copied, got 10.0.0.9 instead of one of ${blue}, ${green}; take 'replication.schemaCopied' back and deploy, so that everything is dropped where it was made, and change it then`,
  );
  expect(() => requireKnown('green', green, [])).not.toThrow();
  const again = await registered(
    () => new BlueGreenDeployment('shop', deployment()),
    leading(blue, blue, green),
  );
  expect(Object.keys(objects(again))).toEqual(Object.keys(objects(await program())));
  const existing = {
    dbSystemId: 'ocid1.postgresqldbsystem.oc1..other',
    loginSecretId: 'ocid1.vaultsecret.oc1..other',
  };
  const moved = await registered(
    () =>
      new BlueGreenDeployment(
        'shop',
        deployment({
          green: { majorVersion: 17, existing },
          replication: { selection: { schemas: ['public'] } },
        }),
      ),
    leading(blue, blue, green),
  );
  expect(ofType(moved, COMMAND)).toEqual([]);
});

test('once blue is retired, everything but blue stays', async () => {
  const { blue, green } = await addresses();
  const retired = () =>
    new BlueGreenDeployment(
      'shop',
      deployment({
        blue: { majorVersion: 16, retired: true },
        alarms: { topicIds: ['ocid1.onstopic.oc1..ops'] },
      }),
    );
  const resources = await registered(retired, leading(green, blue, green));
  expect(violations(resources)).toEqual([]);
  for (const type of [COMMAND, SECRET, 'oci:Identity/policy:Policy'])
    expect(ofType(resources, type)).toEqual([]);
  const set = only(
    resources,
    'oci:NetworkLoadBalancer/networkLoadBalancersBackendSetsUnified:NetworkLoadBalancersBackendSetsUnified',
  );
  expect(set.inputs.backends).toMatchObject([{ ipAddress: green, isDrain: false }]);
  expect(only(resources, DEPLOYMENT).outputs).toEqual({
    bindings: { green: expect.objectContaining({ server: 'green' }) },
  });
  // What stays is the same as before, so that nothing is made anew.
  const before = await registered(
    () =>
      new BlueGreenDeployment(
        'shop',
        deployment({ alarms: { topicIds: ['ocid1.onstopic.oc1..ops'] } }),
      ),
    leading(green, blue, green),
  );
  const inputsOf = (all: readonly RegisteredResource[], urn: string) =>
    all.find((resource) => resource.urn === urn)?.inputs;
  const changed = resources
    .filter(
      ({ urn, custom, inputs }) => custom && !isDeepStrictEqual(inputs, inputsOf(before, urn)),
    )
    .map(({ name }) => name);
  expect(changed).toEqual(['shop-databases']);
  const gone = before
    .filter(({ urn, custom }) => custom && inputsOf(resources, urn) === undefined)
    .filter(({ type, name }) => type !== COMMAND && !name.startsWith('shop-blue'))
    .map(({ name }) => name);
  expect(gone.sort()).toEqual([
    'shop-reader-login',
    'shop-record-blue',
    'shop-reverse-login',
    'shop-runner',
  ]);
});

test('what is retired is no longer described, and green never is', async () => {
  const wrong = deployment({
    blue: { majorVersion: 16, dbSystem: administered('blue'), retired: true },
    green: { majorVersion: 17, retired: true },
  });
  const text = await refusal(() => new BlueGreenDeployment('shop', wrong));
  for (const problem of [
    "'blue' cannot have 'dbSystem' or 'existing' once it is retired, got dbSystem; remove it",
    "'green.retired' cannot be true, since clients are led to the green database then; retire the blue one, or delete the deployment",
  ])
    expect(text).toContain(problem);
});

test('somebody is told when a side does not answer or is busy', async () => {
  const resources = await program({ alarms: { topicIds: ['ocid1.onstopic.oc1..ops'] } });
  expect(ofType(resources, 'oci:Monitoring/alarm:Alarm').map(({ inputs }) => inputs.query)).toEqual(
    [
      'CpuUtilization[5m]{resourceId = "ocid1.dbsystem.oc1..shop-blue"}.mean() > 85',
      'CpuUtilization[5m]{resourceId = "ocid1.dbsystem.oc1..shop-green"}.mean() > 85',
      'UnhealthyBackends[1m]{resourceId = "ocid1.networkloadbalancer.oc1..shop"}.max() > 0',
    ],
  );
});

test('where the host watches, it is told what, and somebody is told how much a slot keeps', async () => {
  const { runner, replication } = deployment();
  const alarms = { topicIds: ['ocid1.onstopic.oc1..ops'] };
  const watched = async (others: Partial<BlueGreenDeploymentArgs>) => {
    const resources = await program({ runner: { ...runner, watches: true }, alarms, ...others });
    const queries = ofType(resources, 'oci:Monitoring/alarm:Alarm')
      .filter(({ inputs }) => inputs.namespace === 'pontoon_blue_green')
      .map(({ inputs }) => inputs.query);
    return { resources, queries, watch: resources.find(({ name }) => name === 'shop-watch') };
  };
  const { resources, queries, watch } = await watched({});
  expect(violations(resources)).toEqual([]);
  expect(watch?.inputs).toMatchObject({
    create:
      "umask 077 && mkdir -p .pontoon/watch && cat > '.pontoon/watch/shop-dev-shop.json'.new && mv '.pontoon/watch/shop-dev-shop.json'.new '.pontoon/watch/shop-dev-shop.json'",
    delete: "rm -f '.pontoon/watch/shop-dev-shop.json' '.pontoon/watch/shop-dev-shop.json'.metrics",
  });
  const { compartmentId, cutover } = JSON.parse(String(watch?.inputs.stdin));
  expect(compartmentId).toBe('ocid1.compartment.oc1..shop');
  expect(cutover).toBe(only(resources, DEPLOYMENT).outputs?.cutover);
  expect(only(resources, 'oci:Identity/policy:Policy').inputs.statements).toContain(
    "Allow dynamic-group shop-runner to use metrics in compartment id ocid1.compartment.oc1..shop where target.metrics.namespace = 'pontoon_blue_green'",
  );
  expect(queries).toEqual([
    'FenceOverdue[5m]{deployment = "shop-dev-shop"}.max() > 0',
    'SlotLagMiB[5m]{deployment = "shop-dev-shop"}.max() > 10240',
    'Stalled[5m]{deployment = "shop-dev-shop"}.min() > 0',
    'Watched[15m]{deployment = "shop-dev-shop"}.absent()',
  ]);
  const limited = await watched({ replication: { ...replication, maxSlotWalKeepMiB: 4096 } });
  expect(limited.queries[1]).toContain('> 2048');
  const overrides = ofType(limited.resources, 'oci:Psql/configuration:Configuration').map(
    ({ inputs }) => inputs.dbConfigurationOverrides,
  );
  expect(overrides[0]).toMatchObject({
    items: expect.arrayContaining([
      { configKey: 'max_slot_wal_keep_size', overridenConfigValue: '4096' },
    ]),
  });
  const idle = await watched({ replication: { ...replication, schemaCopied: false } });
  expect([idle.watch, idle.queries]).toEqual([undefined, []]);
  const untold = await program({ runner: { ...runner, watches: true } });
  expect(ofType(untold, 'oci:Monitoring/alarm:Alarm')).toEqual([]);
  // Without anybody to tell, fences are lifted all the same.
  expect(untold.map(({ name }) => name)).toContain('shop-watch');
});

test('everything that is wrong is said at once', async () => {
  const wrong = deployment({
    blue: { majorVersion: 16 },
    green: { majorVersion: 17, dbSystem: { ...administered('green'), ocpus: 0 } },
    networks: { clients: ['0.0.0.0/0'], endpoint: [], databases: ['10.0.3.0/24'], runner: ['x'] },
    names: { zone: 'postgres.internal', ttlSeconds: 300 },
    cutover: { budgetSeconds: 0, logins: { a: 'app', b: 'app' } },
    alarms: { topicIds: [], cpuPercent: 101, slotLagMiB: 0 },
    replication: { selection: { schemas: ['public'] }, maxSlotWalKeepMiB: 0 },
  });
  const text = await refusal(() => new BlueGreenDeployment('shop', wrong));
  for (const problem of [
    "'blue' must have either 'dbSystem' or 'existing', got neither; say whether the database is new",
    "'green.dbSystem.ocpus' must be a whole number of at least 1, got 0; correct it",
    '\'networks.clients[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
    "'networks.endpoint' must have at least one network, got none; nobody else is let in",
    '\'networks.runner[0]\' must be a network as CIDR and not every address, got "x"; write it like 10.1.0.0/16',
    "'names.ttlSeconds' must be a whole number from 1 to 60, got 300; clients would stay at an old address for that long",
    "'cutover.budgetSeconds' must be from 1 to 600, got 0; applications are kept out for as long",
    `'cutover.logins' must give each login another name on the new writer, got "app" twice; correct one`,
    "'alarms.topicIds' must name who is told, got none; name a topic or leave out 'alarms'",
    "'alarms.slotLagMiB' must be at least 1, got 0; correct it",
    "'replication.maxSlotWalKeepMiB' must be a whole number of MiB of at least 1, got 0; leave it out for no limit of ours",
    "'alarms.cpuPercent' must be above 0 and at most 100, got 101; correct it",
  ])
    expect(text).toContain(problem);
});

test('below PostgreSQL 16 pglogical replicates, unless the user says otherwise or nobody subscribes there', async () => {
  const blue = { majorVersion: 15, dbSystem: administered('blue') };
  const { replication } = deployment();
  const slots = async (said: Partial<BlueGreenReplication>) => {
    const made = objects(await program({ blue, replication: { ...replication, ...said } }));
    return Object.values(made).filter(({ spec }) => spec.kind === 'logical-slot').length;
  };
  expect(await slots({})).toBe(0);
  expect(await slots({ wayBack: false })).toBe(1);
  expect(await slots({ method: ReplicationMethod.NATIVE })).toBe(1);
});

test('pglogical gets nodes and sets on both databases, and one subscription', async () => {
  const { replication } = deployment();
  const insertOnlyTables = [{ schema: 'public', name: 'log' }];
  const resources = await program({
    blue: { majorVersion: 15, dbSystem: administered('blue') },
    replication: { ...replication, insertOnlyTables },
  });
  const made = objects(resources);
  const [blueNode, greenNode] = ['blue', 'green'].map(
    (side) => `shop-${side}-node-pglogical-node-pglogical-node-in-${side}-shop`,
  );
  expect(made[`${blueNode}`]?.spec).toMatchObject({
    name: 'blue',
    readers: ['pontoon_reader'],
    slots: ['pontoon_green'],
    local: { server: 'blue', secret: 'ocid1.secret.oc1..shop-reader-login' },
  });
  expect(made[`${greenNode}`]?.spec).toMatchObject({
    name: 'green',
    readers: ['pontoon_reverse'],
    slots: ['pontoon_reverse'],
    local: { server: 'green', secret: 'ocid1.vaultsecret.oc1..green-login' },
  });
  const set = 'shop-set-pglogical-replication-set-pontoon-in-blue-shop';
  expect(made[set]).toMatchObject({
    server: 'blue',
    spec: { insertOnly: insertOnlyTables, canary: true, copyData: true },
    after: [blueNode, greenNode],
  });
  expect(
    made['shop-reverse-set-pglogical-replication-set-pontoon_reverse-in-green-shop'],
  ).toMatchObject({
    server: 'green',
    spec: { copyData: false },
    after: [blueNode, greenNode],
  });
  expect(made['shop-subscription-pglogical-subscription-pontoon-in-green-shop']).toMatchObject({
    server: 'green',
    spec: { replicationSet: 'pontoon', slotName: 'pontoon_green' },
    after: [
      blueNode,
      greenNode,
      'shop-guard-connection-guard-connection-guard-in-green-shop',
      set,
    ].sort(),
  });
  const { plan } = parseCutover(JSON.parse(String(only(resources, DEPLOYMENT).outputs?.cutover)));
  expect(plan).toMatchObject({
    forward: [{ kind: 'pglogical', subscription: 'pontoon', slotName: 'pontoon_green' }],
    reverse: [{ kind: 'pglogical', subscription: 'pontoon_reverse' }],
  });
  expect(violations(resources)).toEqual([]);
});

test('tables of which only new rows are sent are refused where PostgreSQL replicates', async () => {
  const insertOnlyTables = [{ schema: 'public', name: 'log' }];
  const args = deployment({ replication: { ...deployment().replication, insertOnlyTables } });
  expect(await refusal(() => new BlueGreenDeployment('shop', args))).toBe(
    "blue-green deployment 'shop': 'replication.insertOnlyTables' cannot be given where PostgreSQL itself replicates, which gives each table a replica identity; remove it, or say ReplicationMethod.PGLOGICAL",
  );
});

test('what is left out on the way there is refused where there is a way back', async () => {
  const selection = {
    tables: [{ schema: 'public', name: 'orders', columns: ['id'] }],
  };
  const args = deployment({ replication: { selection, schemaCopied: true } });
  expect(await refusal(() => new BlueGreenDeployment('shop', args))).toContain(
    'columns that were left out are not on the new writer',
  );
});
