import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAssembly } from './assembly';
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

function environment() {
  return { directory, environment: { PATH: process.env.PATH ?? '' } };
}
