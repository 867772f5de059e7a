import { PostgresDbSystem, type PostgresDbSystemArgs } from '../../lib/oci';
import { checkUnreplaced, type FoundSystem } from '../../lib/oci/postgres-db-system/unreplaced';
import { LinkKind } from '../../lib/postgres';
import { blueGreen, COMPARTMENT, ofType, only, refusal, registered, SUBNET, VCN } from './programs';

const DB_SYSTEM = 'oci:Psql/dbSystem:DbSystem';
const CONFIGURATION = 'oci:Psql/configuration:Configuration';
const RULE = 'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule';
const FOUND = 'oci:Psql/getDbSystems:getDbSystems';

function args(others: Partial<PostgresDbSystemArgs> = {}): PostgresDbSystemArgs {
  return {
    compartmentId: COMPARTMENT,
    vcnId: VCN,
    subnetId: SUBNET,
    topology: blueGreen(),
    server: 'blue',
    administrator: {
      username: 'pontoon_admin',
      passwordSecretId: 'ocid1.vaultsecret.oc1..password',
      loginSecretId: 'ocid1.vaultsecret.oc1..login',
    },
    clientNetworks: ['10.0.1.0/24'],
    ...others,
  };
}

async function configuration(others: Partial<PostgresDbSystemArgs> = {}) {
  const resources = await registered(() => new PostgresDbSystem('shop-blue', args(others)));
  const found = only(resources, CONFIGURATION);
  const { items } = found.inputs.dbConfigurationOverrides as {
    items: { configKey: string; overridenConfigValue: string }[];
  };
  const overrides = Object.fromEntries(
    items.map((item) => [item.configKey, item.overridenConfigValue]),
  );
  return { name: found.name, inputs: found.inputs, overrides };
}

test('a database has the settings that its part in the topology asks for', async () => {
  const { inputs, overrides } = await configuration();
  expect(inputs).toMatchObject({ dbVersion: '15', shape: 'VM.Standard.E5.Flex', isFlexible: true });
  expect(overrides).toMatchObject({
    wal_level: 'logical',
    'oci.admin_enabled_extensions': 'pg_stat_statements',
    'pg_stat_statements.track_utility': 'off',
  });
});

test('pglogical is an extension that the administrator may create, where the topology uses it', async () => {
  const topology = blueGreen(15, 17);
  const links = topology.links.map((link) => ({ ...link, kind: LinkKind.PGLOGICAL }));
  const { overrides } = await configuration({ topology: { ...topology, links } });
  expect(overrides['oci.admin_enabled_extensions']).toBe('pg_stat_statements,pglogical');
});

test('settings that a version of OCI does not let anybody set are left out', async () => {
  const { overrides } = await configuration({ omittedSettings: ['max_slot_wal_keep_size'] });
  expect(overrides).not.toHaveProperty('max_slot_wal_keep_size');
});

test('another content is another configuration, made before the old one goes', async () => {
  const before = await configuration();
  const again = await configuration();
  const after = await configuration({ settings: { work_mem: '8192' } });
  expect(again.name).toBe(before.name);
  expect(after.name).not.toBe(before.name);
  expect(after.name).toMatch(/^shop-blue-15-[0-9a-f]{8}$/);
  expect(after.inputs.displayName).toBe(after.name);
});

test('a database is protected, restarted for its configuration, and made with a secret of Vault', async () => {
  const resources = await registered(() => new PostgresDbSystem('shop-blue', args()));
  const system = only(resources, DB_SYSTEM);
  expect(system.protect).toBe(true);
  expect(system.ignoreChanges).toEqual(['dbVersion', 'credentials']);
  expect(system.inputs).toMatchObject({
    dbVersion: '15',
    applyConfig: 'RESTART',
    configId: `ocid1.configuration.oc1..${only(resources, CONFIGURATION).name}`,
    instanceCount: 1,
    storageDetails: { systemType: 'OCI_OPTIMIZED_STORAGE', isRegionallyDurable: true },
    credentials: {
      username: 'pontoon_admin',
      passwordDetails: {
        passwordType: 'VAULT_SECRET',
        secretId: 'ocid1.vaultsecret.oc1..password',
        secretVersion: '1',
      },
    },
  });
  expect(system.inputs).not.toHaveProperty('source');
  expect(system.inputs.patchOperations).toEqual([]);
});

test('a database in one availability domain is not durable in all of them', async () => {
  const resources = await registered(
    () => new PostgresDbSystem('shop-blue', args({ availabilityDomain: 'Uocm:PHX-AD-1' })),
  );
  expect(only(resources, DB_SYSTEM).inputs.storageDetails).toEqual({
    systemType: 'OCI_OPTIMIZED_STORAGE',
    isRegionallyDurable: false,
    availabilityDomain: 'Uocm:PHX-AD-1',
  });
});

test('a database is reached from named networks only, and reaches what it subscribes to', async () => {
  const resources = await registered(
    () => new PostgresDbSystem('shop-green', args({ publisherNetworks: ['10.0.2.0/24'] })),
  );
  const rules = ofType(resources, RULE).map(({ inputs }) => inputs);
  const port = { destinationPortRange: { min: 5432, max: 5432 } };
  expect(rules).toHaveLength(2);
  expect(rules).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ direction: 'INGRESS', source: '10.0.1.0/24', tcpOptions: port }),
      expect.objectContaining({
        direction: 'EGRESS',
        destination: '10.0.2.0/24',
        tcpOptions: port,
      }),
    ]),
  );
});

function refused(...systems: FoundSystem[]): string {
  return refusedWith({}, ...systems);
}

function refusedWith(others: Partial<PostgresDbSystemArgs>, ...systems: FoundSystem[]): string {
  try {
    checkUnreplaced('shop-blue', args(others), { systems, wantedSubnet: SUBNET });
  } catch (error) {
    return String(error);
  }
  return '';
}

const THERE: FoundSystem = {
  dbVersion: '15.12',
  adminUsername: 'pontoon_admin',
  state: 'ACTIVE',
  networkDetails: [{ subnetId: SUBNET }],
  storageDetails: [{ isRegionallyDurable: true, availabilityDomain: '' }],
  instanceCount: 1,
  instances: [{ id: 'ocid1.postgresqldbinstance.oc1..1' }],
};

const REPLICA = 'ocid1.postgresqldbinstance.oc1..2';
const WITH_REPLICA: FoundSystem = {
  ...THERE,
  instanceCount: 2,
  instances: [...THERE.instances, { id: REPLICA }],
};

test.each([
  [
    'is added comes with the operation that adds it',
    { readReplicas: 1 },
    THERE,
    { instanceCount: 2, patchOperations: [{ operation: 'INSERT', selection: 'instances' }] },
  ],
  [
    'is removed goes by the operation that removes it',
    { readReplicas: 0, removedReplicas: [REPLICA] },
    WITH_REPLICA,
    {
      instanceCount: 1,
      patchOperations: [{ operation: 'REMOVE', selection: `instances[?id == '${REPLICA}']` }],
    },
  ],
])('a replica that %s', async (_, replicas, system, inputs) => {
  const answers = { [FOUND]: () => ({ dbSystemCollections: [{ items: [system] }] }) };
  const resources = await registered(
    () => new PostgresDbSystem('shop-blue', args(replicas)),
    answers,
  );
  expect(only(resources, DB_SYSTEM).inputs).toMatchObject(inputs);
});

test('a deployment after replicas came or went is no change, whatever is left in the args', () => {
  const operations = (replicas: Partial<PostgresDbSystemArgs>, system: FoundSystem) =>
    checkUnreplaced('shop-blue', args(replicas), { systems: [system], wantedSubnet: SUBNET });
  expect(operations({ readReplicas: 1 }, WITH_REPLICA)).toEqual([]);
  expect(operations({ removedReplicas: [REPLICA] }, THERE)).toEqual([]);
  // One that went by its name may come back without it being taken out.
  expect(operations({ readReplicas: 1, removedReplicas: [REPLICA] }, THERE)).toEqual([
    { operation: 'INSERT', selection: 'instances' },
  ]);
});

const OTHER = 'ocid1.postgresqldbinstance.oc1..9';
const HAS = `it has ${THERE.instances[0]?.id}, ${REPLICA}`;

test.each([
  [{}, `1 of the database's instances, as it has 1 replicas and 'readReplicas' is 0, got none`],
  [
    { removedReplicas: [OTHER] },
    `1 of the database's instances, as it has 1 replicas and 'readReplicas' is 0, got none`,
  ],
  [
    { readReplicas: 1, removedReplicas: [REPLICA] },
    `0 of the database's instances, as it has 1 replicas and 'readReplicas' is 1, got ${REPLICA}`,
  ],
  [
    { readReplicas: 2, removedReplicas: [REPLICA] },
    `0 of the database's instances, as it has 1 replicas and 'readReplicas' is 2, got ${REPLICA}`,
  ],
])('%j is refused, where it is not clear which replicas go', (replicas, rule) => {
  expect(refusedWith(replicas, WITH_REPLICA)).toBe(
    `ValidationError: database 'shop-blue': 'removedReplicas' must name ${rule}; ${HAS}`,
  );
});

test('of several databases of one name it must not matter which one is meant', () => {
  expect(refusedWith({ readReplicas: 1 }, THERE, THERE)).toBe('');
  expect(refusedWith({ readReplicas: 1 }, THERE, WITH_REPLICA)).toBe(
    "ValidationError: database 'shop-blue': the compartment must have one database of that name whose replicas come or go, got 2 with different numbers of them; give the others another name",
  );
});

test('a new database is made with its replicas, and none come or go by an operation', async () => {
  const resources = await registered(
    () => new PostgresDbSystem('shop-blue', args({ readReplicas: 1 })),
  );
  expect(only(resources, DB_SYSTEM).inputs).toMatchObject({
    instanceCount: 2,
    patchOperations: [],
  });
  expect(refusedWith({ removedReplicas: [REPLICA] })).toBe(
    `ValidationError: database 'shop-blue': 'removedReplicas' must be empty for a database that is not there yet, got ${REPLICA}; take them out`,
  );
});

test('a copy of another database is nothing that an edit could promote', async () => {
  // Whatever is given, nothing passes on a source, whose removal would make a second writer.
  const given = { ...args(), source: { sourceType: 'DB_SYSTEM', primaryDbSystemId: 'ocid1.x' } };
  const resources = await registered(() => new PostgresDbSystem('shop-blue', given));
  expect(only(resources, DB_SYSTEM).inputs).not.toHaveProperty('source');
  expect(only(resources, DB_SYSTEM).inputs).not.toHaveProperty('applyChangeModeToStandAlone');
});

test('a database that is there and fits is left alone', async () => {
  expect(refused(THERE)).toBe('');
  const answers = { [FOUND]: () => ({ dbSystemCollections: [{ items: [THERE] }] }) };
  const resources = await registered(() => new PostgresDbSystem('shop-blue', args()), answers);
  expect(only(resources, DB_SYSTEM).inputs.dbVersion).toBe('15');
});

test('a new major under the same name is refused, since OCI would replace the database', () => {
  expect(refused({ ...THERE, dbVersion: '14.12' })).toBe(
    "ValidationError: database 'shop-blue': 'majorVersion' cannot change from 14 to 15, since OCI would replace the database by an empty one; make another database under another name, and replicate to it",
  );
  expect(refused({ ...THERE, dbVersion: '14.12' }, THERE)).toBe('');
});

test('another administrator, subnet or durability is refused for a database that is there', () => {
  const text = refused({
    ...THERE,
    adminUsername: 'postgres',
    networkDetails: [{ subnetId: 'ocid1.subnet.oc1..other' }],
    storageDetails: [{ isRegionallyDurable: false, availabilityDomain: 'Uocm:PHX-AD-1' }],
  });
  for (const change of [
    "'administrator.username' cannot change from postgres to pontoon_admin",
    `'subnetId' cannot change from ocid1.subnet.oc1..other to ${SUBNET}`,
    "'availabilityDomain' cannot change from Uocm:PHX-AD-1 to all availability domains",
  ])
    expect(text).toContain(change);
});

test('one that was deleted stands in nobody’s way', () => {
  expect(refused({ ...THERE, dbVersion: '14', state: 'DELETED' })).toBe('');
});

test('everything that is wrong is said at once', async () => {
  const wrong = args({
    clientNetworks: ['0.0.0.0/0'],
    ocpus: 0,
    readReplicas: -1,
    removedReplicas: ["x'y"],
    administrator: { username: 'pg admin;', passwordSecretId: 'p', loginSecretId: 'l' },
  });
  const text = await refusal(() => new PostgresDbSystem('shop-blue', wrong));
  for (const problem of [
    '\'clientNetworks[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
    "'ocpus' must be a whole number of at least 1, got 0; correct it",
    "'readReplicas' must be a whole number of at least 0, got -1; correct it",
    `'removedReplicas[0]' must be the OCID of an instance, once, got "x'y"; copy it from OCI`,
  ])
    expect(text).toContain(problem);
});

test('what replication needs cannot be overridden', async () => {
  expect(
    await refusal(
      () => new PostgresDbSystem('shop-blue', args({ settings: { wal_level: 'replica' } })),
    ),
  ).toBe(
    "database 'shop-blue': 'settings.wal_level' cannot override what replication needs, got replica; remove it",
  );
});
