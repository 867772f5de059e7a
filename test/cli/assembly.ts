import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a cloud assembly whose stacks have nothing but `migrations` in their metadata. */
export function writeAssembly(
  directory: string,
  migrations: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): void {
  const artifacts = Object.entries(migrations).map(([stack, byId]) => {
    const template = {
      Metadata: { Pontoon: { version: 1, migrations: byId } },
      Resources: { Nothing: { Type: 'AWS::CloudFormation::WaitConditionHandle' } },
    };
    writeFileSync(join(directory, `${stack}.template.json`), JSON.stringify(template));
    return [
      stack,
      {
        type: 'aws:cloudformation:stack',
        environment: 'aws://unknown-account/unknown-region',
        properties: { templateFile: `${stack}.template.json` },
      },
    ];
  });
  const manifest = { version: '48.0.0', artifacts: Object.fromEntries(artifacts) };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
}

/** A migration as a stack records it: A, its standby, and Aurora, which DMS fills from the standby. */
export function recordedMigration(database: string, majorVersion = 17) {
  return {
    topology: {
      servers: {
        onPremises: { platform: 'self-managed', majorVersion, database, walLevel: 'logical' },
        standby: { platform: 'ec2', majorVersion, database },
        aurora: { platform: 'aurora', majorVersion, database },
      },
      links: [
        { kind: 'physical', from: 'onPremises', to: 'standby' },
        { kind: 'dms', from: 'standby', to: 'aurora', selection: { schemas: ['public'] } },
      ],
    },
    source: {
      administrator: 'admin',
      hba: [
        '# streaming',
        'hostssl replication "pontoon_standby" 10.0.1.7/32 scram-sha-256',
        '# the runner',
        `hostssl "${database.replaceAll('"', '""')}" "admin" 10.0.2.0/24 scram-sha-256`,
        '',
      ].join('\n'),
    },
    bindings: {
      onPremises: { host: '127.0.0.1', port: '5433', database, secret: '{"Ref":"Secret"}' },
      standby: { host: '{"Fn::GetAtt":["Address","PrimaryPrivateIpAddress"]}', port: '5432' },
      aurora: { host: '{"Fn::GetAtt":["Cluster","Endpoint.Address"]}', port: '5432' },
    },
  };
}
