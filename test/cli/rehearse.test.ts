import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordedMigration, writeAssembly } from './assembly';
import { pontoon } from './command-line';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function writeApp(program: string): void {
  writeFileSync(join(directory, 'app.js'), program);
  const cdk = { app: 'node app.js', context: { from: 'cdk.json' } };
  writeFileSync(join(directory, 'cdk.json'), JSON.stringify(cdk));
}

test('wants an app', async () => {
  expect(await pontoon(['rehearse'], { directory })).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: '--app' must be given where no cdk.json names an app, got none in ${JSON.stringify(directory)}; run cdk synth and name its directory, or run this where cdk.json is\n`,
  });
});

test('shows what an app that fails says, and leaves nothing behind', async () => {
  writeApp("console.error('no such construct', process.env.CDK_OUTDIR); process.exit(7);");
  const { code, stderr } = await pontoon(['rehearse'], environment());
  const [, output = ''] = /no such construct (\S+)/.exec(stderr) ?? [];
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `pontoon: 'node app.js' must synthesize the app, got exit code 7; mend what it says:\nno such construct ${output}\n`,
  });
  expect(() => readdirSync(output)).toThrow('ENOENT');
});

test('shows the error of an app that throws and where the app threw it, and all of it with --debug', async () => {
  writeApp(`process.emitWarning('old');
    function build() { throw Object.assign(new RangeError('a stack has 2 problems:\\n- one\\n- two'), { code: 'INVALID' }); }
    build();`);
  expect(await pontoon(['rehearse'], environment())).toEqual({
    code: 1,
    stdout: '',
    stderr: `pontoon: 'node app.js' must synthesize the app, got exit code 1; mend what it says, or run again with --debug to see all of it:
RangeError: a stack has 2 problems:
- one
- two
  at build (app.js:2:44)
`,
  });
  const { stderr } = await pontoon(['rehearse', '--debug'], environment());
  expect(stderr).toContain('at Module._compile');
  expect(stderr).toContain("code: 'INVALID'");
});

test.each([
  [
    "require('./gone');",
    /^Error: Cannot find module '.\/gone'\nRequire stack:\n- \S+\/app.js\n {2}at Object.<anonymous> \(app.js:1:1\)$/,
  ],
  ['frob nicate', /^\S+\/app.js:1\nfrob nicate\n *\^+\n\nSyntaxError: Unexpected identifier/],
  ["console.error('x'.repeat(5000)); process.exit(1);", /^x{4000}$/],
])('tells what is wrong with an app that is %j', async (program, said) => {
  writeApp(program);
  const { code, stderr } = await pontoon(['rehearse'], environment());
  const [first = '', ...rest] = stderr.trim().split('\n');
  expect({ code, first }).toEqual({
    code: 1,
    first:
      "pontoon: 'node app.js' must synthesize the app, got exit code 1; mend what it says, or run again with --debug to see all of it:",
  });
  expect(rest.join('\n')).toMatch(said);
});

test('gives the app its context, as the CDK does', async () => {
  writeApp('console.log(process.env.CDK_CONTEXT_JSON); process.exit(1);');
  writeFileSync(join(directory, 'cdk.context.json'), JSON.stringify({ looked: 'up' }));
  const { stderr } = await pontoon(['rehearse'], environment());
  expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toEqual({
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:enable-asset-metadata': true,
    'aws:cdk:version-reporting': true,
    looked: 'up',
    from: 'cdk.json',
  });
});

test('refuses an app that would have to look things up in an account', async () => {
  writeApp(
    "require('fs').writeFileSync(process.env.CDK_OUTDIR + '/manifest.json', JSON.stringify({ missing: [{ key: 'vpc' }] }));",
  );
  expect(await pontoon(['rehearse'], environment())).toEqual({
    code: 1,
    stdout: '',
    stderr:
      "pontoon: the app must be synthesized without look-ups in an account, got 1 of them; run cdk synth, and name its directory by '--app'\n",
  });
});

test('says which stacks there are', async () => {
  writeAssembly(directory, { Shop: {} });
  expect(await pontoon(['rehearse', '--app', directory])).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'pontoon: stack "HybridMigration" must be in the cloud assembly, got "Shop"; name one of them or synthesize again\n',
  });
});

test('gives the app the major, and sees whether it took it', async () => {
  const { topology, ...rest } = recordedMigration('shop', 17);
  writeAssembly(directory, { HybridMigration: { Migration: { topology, ...rest } } });
  writeApp(`const fs = require('fs');
    for (const file of ['manifest.json', 'HybridMigration.template.json'])
      fs.copyFileSync(file, process.env.CDK_OUTDIR + '/' + file);
    fs.writeFileSync('context.json', process.env.CDK_CONTEXT_JSON);`);
  expect(await pontoon(['rehearse', '--major', '16'], environment())).toEqual({
    code: 2,
    stdout: '',
    stderr:
      "pontoon: '--major' must be what the app makes of its context 'majorVersion', got 16 and a topology with 17; have the app read it\n",
  });
  const context = JSON.parse(readFileSync(join(directory, 'context.json'), 'utf8'));
  expect(context.majorVersion).toBe(16);
});

test.each([
  [['--major', '19'], "'--major' must be at most 18, got \"19\"; see 'pontoon rehearse --help'"],
  [
    ['--major', '13'],
    "'--major' must be a whole number of at least 14, got \"13\"; see 'pontoon rehearse --help'",
  ],
  [
    ['--major', '16', '--app', 'cdk.out'],
    "'--major' cannot be given with '--app', whose majors are decided; synthesize with another, or leave one out",
  ],
])('refuses %j', async (args, message) => {
  const { code, stderr } = await pontoon(['rehearse', ...args]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `pontoon: ${message}\n` });
});

function environment() {
  return { directory, environment: { PATH: process.env.PATH ?? '' } };
}
