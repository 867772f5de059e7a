// A program in as few resources as a rehearsal needs, written by hand so that each of them can be wrong.
const pulumi = require('@pulumi/pulumi');

class Resource extends pulumi.CustomResource {}
class Component extends pulumi.ComponentResource {
  constructor(type, name, outputs, opts) {
    super(type, name, {}, opts);
    this.registerOutputs(outputs);
  }
}

const config = new pulumi.Config();
const majors = { blue: config.getNumber('blue') ?? 16, green: config.getNumber('green') ?? 17 };
const selection = { schemas: ['shop'] };
const addresses = { blue: '10.0.1.10', green: '10.0.2.10' };
const reader = 'pontoon_reader';

const parent = new pulumi.ComponentResource('pontoon:index:BlueGreenDeployment', 'shop', {});
const secret = (name, username) =>
  new Resource(
    'oci:Vault/secret:Secret',
    name,
    {
      secretName: name,
      secretGenerationContext: {
        generationType: 'PASSPHRASE',
        generationTemplate: 'DBAAS_DEFAULT_PASSWORD',
        secretTemplate: JSON.stringify({ username, password: '%GENERATED_PASSPHRASE%' }),
      },
    },
    { parent },
  );
const readerSecret = secret('reader', reader);
const logins = {
  blue: secret('blue-login', 'shop_admin'),
  green: secret('green-login', 'shop_admin'),
};
const connection = (server) => ({
  server,
  host: `${server}.postgresql.us-ashburn-1.oci.oraclecloud.com`,
  port: 5432,
  database: 'shop',
  secret: logins[server].id,
  sslMode: 'verify-full',
  caCertificate: '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
});
const publisher = (server) => ({
  server,
  host: connection(server).host,
  port: 5432,
  database: 'shop',
  secret: readerSecret.id,
  sslMode: 'verify-full',
  sslRootCert: '/etc/pki/oci.pem',
});

const topology = {
  servers: Object.fromEntries(
    ['blue', 'green'].map((server) => [
      server,
      {
        platform: 'oci-postgresql',
        majorVersion: majors[server],
        database: 'shop',
        walLevel: 'logical',
      },
    ]),
  ),
  links: [{ kind: 'native', from: 'blue', to: 'green', selection }],
};

for (const server of ['blue', 'green']) {
  const configuration = new Resource('oci:Psql/configuration:Configuration', server, {
    dbConfigurationOverrides: {
      items: Object.entries({
        wal_level: 'logical',
        max_logical_replication_workers: '10',
        'oci.admin_enabled_extensions': 'pg_stat_statements',
      }).map(([configKey, overridenConfigValue]) => ({ configKey, overridenConfigValue })),
    },
  });
  const system = new Resource(
    'oci:Psql/dbSystem:DbSystem',
    server,
    { configId: configuration.id, credentials: { username: 'shop_admin' } },
    { parent },
  );
  new Component(
    'pontoon:index:PostgresDbSystem',
    server,
    { dbSystemId: system.id, binding: connection(server) },
    { parent },
  );
}

let before = [];
const object = (server, spec) => {
  const name = `${server}-${spec.kind}-${spec.name ?? server}`;
  const command = `OCI_CLI_AUTH=instance_principal pontoon`;
  const owner = `--owner shop/${name}`;
  const made = new Resource(
    'command:remote:Command',
    name,
    {
      create: `${command} apply ${owner}`,
      update: `${command} apply ${owner}`,
      delete: `${command} drop ${owner}`,
      stdin: pulumi.jsonStringify({ connection: connection(server), spec }),
    },
    { parent, dependsOn: before },
  );
  before = [made];
};
for (const server of ['blue', 'green']) {
  object(server, { kind: 'ledger' });
  object(server, {
    kind: 'role',
    name: reader,
    secret: readerSecret.id,
    replication: true,
    readSchemas: selection.schemas,
    database: ['CONNECT'],
  });
  object(server, { kind: 'canary', readers: [reader] });
}
object('green', { kind: 'connection-guard', keep: [reader] });
object('blue', { kind: 'publication', name: 'forward', selection, canary: true });
object('green', { kind: 'publication', name: 'backward', selection, canary: true });
object('blue', { kind: 'logical-slot', name: 'forward', plugin: 'pgoutput' });
object('green', {
  kind: 'subscription',
  name: 'forward',
  publisher: publisher('blue'),
  publications: ['forward'],
  slotName: 'forward',
});

const balancer = new Resource(
  'oci:NetworkLoadBalancer/networkLoadBalancer:NetworkLoadBalancer',
  'shop',
  { displayName: 'shop' },
  { parent },
);
new Resource(
  'oci:NetworkLoadBalancer/networkLoadBalancersBackendSetsUnified:NetworkLoadBalancersBackendSetsUnified',
  'databases',
  {
    networkLoadBalancerId: balancer.id,
    name: 'databases',
    policy: 'FIVE_TUPLE',
    isPreserveSource: false,
    healthChecker: { protocol: 'TCP', port: 5432, intervalInMillis: 10000 },
    backends: ['blue', 'green'].map((server) => ({
      name: `${addresses[server]}:5432`,
      ipAddress: addresses[server],
      port: 5432,
      isBackup: false,
      isDrain: server === 'green',
      isOffline: false,
    })),
  },
  { parent },
);
new Resource(
  'oci:NetworkLoadBalancer/listener:Listener',
  'shop',
  { networkLoadBalancerId: balancer.id, port: 5432, tcpIdleTimeout: 360 },
  { parent },
);
for (const [name, rdata] of Object.entries({
  'nlb-app': '10.0.3.10',
  'nlb-app-blue': addresses.blue,
})) {
  const domain = `${name}.shop.internal`;
  new Resource(
    'oci:Dns/rrset:Rrset',
    name,
    {
      zoneNameOrId: 'ocid1.zone.oc1..shop',
      viewId: 'ocid1.view.oc1..shop',
      domain,
      rtype: 'A',
      items: [{ domain, rtype: 'A', rdata, ttl: 30 }],
    },
    { parent },
  );
}
new Resource('oci:Core/vcn:Vcn', 'shop', { cidrBlocks: ['10.0.0.0/16'] }, { parent });

const path = (name, decoder) => ({
  kind: 'native',
  decoder,
  slotName: name,
  subscription: name,
  publication: name,
});
parent.registerOutputs({
  topology,
  bindings: Object.fromEntries(['blue', 'green'].map((server) => [server, connection(server)])),
  cutover: pulumi.jsonStringify({
    plan: {
      migration: 'shop',
      from: 'blue',
      to: 'green',
      selection,
      forward: [path('forward', 'blue')],
      reverse: [{ ...path('backward', 'green'), publisher: publisher('green') }],
      keep: { blue: [reader], green: [reader] },
    },
    connections: { blue: connection('blue'), green: connection('green') },
    endpoint: {
      kind: 'oci-network-load-balancer',
      networkLoadBalancerId: balancer.id,
      backendSetName: 'databases',
      sides: addresses,
    },
  }),
});
