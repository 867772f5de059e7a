// A program in as few resources as a rehearsal needs, written by hand so that each of them can be wrong.
const pulumi = require('@pulumi/pulumi');

class Resource extends pulumi.CustomResource {}

const config = new pulumi.Config();
const [primary, ...replicas] = ['ashburn-1', 'ashburn-2', 'phoenix-1', 'phoenix-2'];
const synchronous = config.getObject('synchronous');
const server = {
  platform: 'oci-vm',
  majorVersion: config.getNumber('major') ?? 17,
  database: 'shop',
};

const parent = new pulumi.ComponentResource('pontoon:index:StreamingCluster', 'shop', {});
const quoted = (synchronous?.standbys ?? []).map((name) => `"${name}"`).join(', ');
const settings = [
  'wal_level = replica  # standbys',
  'max_wal_senders = 10',
  'max_replication_slots = 10',
  'hot_standby = on',
  'wal_retrieve_retry_interval = 200ms',
  "archive_command = '/usr/local/sbin/pontoon-archive %p'",
  "archive_mode = 'on'",
  ...(synchronous === undefined
    ? []
    : [`synchronous_standby_names = 'ANY ${synchronous.quorum} (${quoted})'`]),
];
for (const name of [primary, ...replicas]) {
  const files = {
    '/etc/pontoon/server.env': `SERVER=${name}\nSTANDBY_ROLE=pontoon_standby\n`,
    '/etc/pontoon/conf.d/10-settings.conf': `${settings.join('\n')}\n`,
    '/etc/pontoon/pg_hba.conf':
      'local all all peer\nhostssl replication pontoon_standby 10.0.0.0/16 scram-sha-256\n',
  };
  const written = Object.entries(files).map(([path, content]) => ({ path, content }));
  const userData = `#cloud-config\n${JSON.stringify({ write_files: written })}`;
  new Resource(
    'oci:Core/instance:Instance',
    name,
    { metadata: { user_data: Buffer.from(userData).toString('base64') } },
    { parent },
  );
}
parent.registerOutputs({
  topology: {
    servers: {
      [primary]: { ...server, ...(synchronous === undefined ? {} : { synchronous }) },
      ...Object.fromEntries(replicas.map((name) => [name, server])),
    },
    links: replicas.map((to) => ({ kind: 'physical', from: primary, to })),
  },
  bindings: {},
});
