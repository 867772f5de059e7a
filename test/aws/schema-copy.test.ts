import { spawnSync } from 'node:child_process';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HybridMigrationStack } from '../../examples/hybrid-migration';
import { schemaCopyScript } from '../../lib/postgres';

const template = Template.fromStack(new HybridMigrationStack(new App(), 'Shop'));

test('the copy names schemas, instance and target, and no secret', () => {
  template.hasResourceProperties('Custom::PontoonSchemaCopy', {
    server: 'aurora',
    source: { server: 'standby', database: 'shop' },
    schemas: ['audit', 'shop'],
    instance: { key: 'tag:pontoon:standby', value: Match.anyValue() },
    document: { Ref: Match.stringLikeRegexp('Document') },
    connection: Match.objectLike({
      caCertificate: {
        'Fn::FindInMap': ['PontoonRdsCertificates', { Ref: 'AWS::Region' }, 'Roots'],
      },
    }),
  });
});

test('the runner may run this document, and only on this standby', () => {
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: 'ssm:SendCommand',
          Condition: { StringEquals: { 'ssm:resourceTag/pontoon:standby': Match.anyValue() } },
        }),
      ]),
    },
  });
});

test('the standby boots without waiting for the target', () => {
  const groups = Object.values(template.findResources('AWS::AutoScaling::AutoScalingGroup'));
  const waits = groups.flatMap(({ DependsOn }) => DependsOn as string[]);
  expect(waits.filter((id) => /Target|Schema/.test(id))).toEqual([]);
});

test('the document is small enough for SSM, and takes nothing that its parameters do not name', () => {
  const [document] = Object.values(template.findResources('AWS::SSM::Document'));
  const content = document?.Properties.Content as { readonly parameters: object };
  expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(65_536);
  const named = [...schemaCopyScript().matchAll(/\{\{ (\w+) \}\}/g)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(Object.keys(content.parameters).sort());
});

test('tables wait for the copy, and nobody else may connect from then on', () => {
  const [guard] = Object.values(template.findResources('Custom::PontoonConnectionGuard'));
  expect(guard?.DependsOn).toContainEqual(expect.stringMatching(/^MigrationSchema/));
});

const present = spawnSync('shellcheck', ['--version']).error === undefined;
if (!present) process.stderr.write('schema copy: not checked, shellcheck is not installed\n');

const REMOTE = { host: 'db.example', port: '5432', sslMode: 'verify-full', secret: 'arn:aws:x' };

(present ? test : test.skip).each([
  ['on the host of the server', schemaCopyScript()],
  ['on another host', schemaCopyScript(REMOTE)],
])('shellcheck finds nothing in the script %s', (_where, input) => {
  // SC2154: the host's file gives some of the names.
  const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-e', 'SC2154', '-'], {
    input,
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
});
