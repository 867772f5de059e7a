import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProject } from '../../../lib/rehearsal/program/project';
import { recordProject } from '../../../lib/rehearsal/program/record-project';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-program-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
}

function read(config: Readonly<Record<string, string>> = {}) {
  return readProject({ directory, stack: 'dev', config });
}

test('a project is read with the configuration of its stack, and what is given goes before it', () => {
  write({
    'Pulumi.yaml': 'name: shop\nruntime:\n  name: nodejs\nmain: out\n',
    'Pulumi.dev.yaml':
      'config:\n  oci:region: us-ashburn-1\n  rows: 7\n  shop:networks: [10.0.0.0/16]\n  shop:password: {secure: v1:xyz}\n',
  });
  mkdirSync(join(directory, 'out'));
  write({ 'out/index.js': '' });
  expect(read({ password: 'any', rows: '8' })).toEqual({
    name: 'shop',
    stack: 'dev',
    directory,
    main: join(directory, 'out/index.js'),
    config: {
      'oci:region': 'us-ashburn-1',
      'shop:rows': '8',
      'shop:networks': '["10.0.0.0/16"]',
      'shop:password': 'any',
    },
  });
});

test.each<[string, Readonly<Record<string, string>>, (directory: string) => string]>([
  [
    'a directory without a project',
    {},
    (here) =>
      `'--program' must be the directory of a Pulumi project, got one without Pulumi.yaml: ${here}; name the one that pulumi runs in`,
  ],
  [
    'another language',
    { 'Pulumi.yaml': 'name: shop\nruntime: python\n' },
    () =>
      `'Pulumi.yaml' must have a name and the runtime nodejs, got {"name":"shop","runtime":"python"}; programs in other languages are not rehearsed`,
  ],
  [
    'a program that is not compiled',
    { 'Pulumi.yaml': 'name: shop\nruntime: nodejs\n', 'index.ts': '' },
    (here) =>
      `'main' of Pulumi.yaml must lead to JavaScript, got none at ${here}; compile the program by tsc, and have 'main' name the directory or file that it writes`,
  ],
  [
    'configuration that is encrypted',
    {
      'Pulumi.yaml': 'name: shop\nruntime: nodejs\n',
      'index.js': '',
      'Pulumi.dev.yaml': 'config:\n  shop:password: {secure: v1:xyz}\n',
    },
    () =>
      `'--config' must give what Pulumi.dev.yaml encrypts, got nothing for 'shop:password'; nothing here decrypts it, and any other value will do`,
  ],
])('refuses %s', (_, files, message) => {
  write(files);
  expect(() => read()).toThrow(message(directory));
});

test('a program runs in a process of its own, in its directory, and what it registers is returned', async () => {
  write({
    'Pulumi.yaml': 'name: shop\nruntime: nodejs\n',
    'index.js': `const pulumi = require(${JSON.stringify(require.resolve('@pulumi/pulumi'))});
      console.log('programs may talk');
      module.exports = async () => {
        new pulumi.ComponentResource('test:index:Site', new pulumi.Config().require('name'), {});
        new pulumi.ComponentResource('test:index:Site', require('node:path').basename(process.cwd()), {});
      };`,
  });
  const resources = await recordProject(read({ name: 'main' }));
  const names = resources.filter(({ type }) => type === 'test:index:Site').map(({ name }) => name);
  expect(names.sort()).toEqual(['main', directory.split('/').at(-1)].sort());
});

test.each([
  [
    "throw new Error('no such subnet')",
    "program 'shop' must register its resources, got no such subnet; mend what it says",
  ],
  [
    "console.error('out of luck'); process.exit(3)",
    "program 'shop' must register its resources, got exit code 3: out of luck; mend what it says",
  ],
])('what a program fails with is told: %s', async (program, message) => {
  write({ 'Pulumi.yaml': 'name: shop\nruntime: nodejs\n', 'index.js': program });
  await expect(recordProject(read())).rejects.toThrow(message);
});
