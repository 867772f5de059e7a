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
  expect(system.inputs).not.toHaveProperty('patchOperations');
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
    { readReplicas: 0, addedReplicas: 1 },
    THERE,
    { instanceCount: 2, patchOperations: [{ operation: 'INSERT', selection: 'instances' }] },
  ],
  [
    'is removed goes by the operation that removes it',
    { readReplicas: 1, removedReplicas: [REPLICA] },
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

test('a deployment after replicas came or went is no change', () => {
  expect(refusedWith({ readReplicas: 0, addedReplicas: 1 }, WITH_REPLICA)).toBe('');
  expect(refusedWith({ readReplicas: 1, removedReplicas: [REPLICA] }, THERE)).toBe('');
  expect(refusedWith({ readReplicas: 1 }, WITH_REPLICA)).toBe('');
});

test.each([
  [0, WITH_REPLICA, 'the 1 that the database has, got 0'],
  [2, WITH_REPLICA, 'the 1 that the database has, got 2'],
])(
  '%d replicas are refused where OCI would not know which come or go',
  (readReplicas, system, rule) => {
    expect(refusedWith({ readReplicas }, system)).toBe(
      `ValidationError: database 'shop-blue': 'readReplicas' must be ${rule}; say how many come in 'addedReplicas', and which go in 'removedReplicas'`,
    );
  },
);

test('a replica that the database does not have cannot be removed', () => {
  const removedReplicas = ['ocid1.postgresqldbinstance.oc1..9'];
  expect(refusedWith({ readReplicas: 1, removedReplicas }, WITH_REPLICA)).toBe(
    "ValidationError: database 'shop-blue': 'removedReplicas' must name instances of the database, got ocid1.postgresqldbinstance.oc1..9; it has ocid1.postgresqldbinstance.oc1..1, ocid1.postgresqldbinstance.oc1..2",
  );
});

test('a new database is made with its replicas, and none come or go by an operation', async () => {
  const resources = await registered(
    () => new PostgresDbSystem('shop-blue', args({ readReplicas: 1 })),
  );
  expect(only(resources, DB_SYSTEM).inputs).toMatchObject({ instanceCount: 2 });
  expect(only(resources, DB_SYSTEM).inputs).not.toHaveProperty('patchOperations');
  expect(refusedWith({ addedReplicas: 1 })).toBe(
    "ValidationError: database 'shop-blue': 'addedReplicas' must be 0 for a database that is not there yet, got 1; count them in 'readReplicas'",
  );
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
    addedReplicas: 1,
    removedReplicas: ["x'y"],
    administrator: { username: 'pg admin;', passwordSecretId: 'p', loginSecretId: 'l' },
  });
  const text = await refusal(() => new PostgresDbSystem('shop-blue', wrong));
  for (const problem of [
    '\'clientNetworks[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
    "'ocpus' must be a whole number of at least 1, got 0; correct it",
    "'readReplicas' must be a whole number of at least 0, got -1; correct it",
    "'addedReplicas' must be 0 while 'removedReplicas' says which go, got 1; do one after the other",
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
