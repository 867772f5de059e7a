import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');

// Each file imports one thing; beside it the rules that it breaks. All stand in one tree, so that
// dependency-cruiser runs once.
const FILES: [file: string, imported: string, broken: string[]][] = [
  ['lib/postgres/one.ts', './inside', []],
  ['lib/postgres/two.ts', 'node:fs', ['postgres-is-pure']],
  ['lib/postgres/three.ts', 'pg', ['postgres-is-pure']],
  ['lib/postgres/four.ts', '../runner', ['postgres-looks-down']],
  ['lib/runner/one.ts', '../postgres', []],
  ['lib/runner/two.ts', 'pg', []],
  ['lib/runner/three.ts', '../postgres/inside', ['rooms-have-a-door']],
  ['lib/runner/four.ts', '../endpoints', ['runner-looks-down']],
  ['lib/runner/five.ts', '@aws-sdk/client-ssm', ['constructs-and-runner-hold-no-sdk']],
  ['lib/runner/six.ts', 'jest', ['declared']],
  ['lib/runner/seven.ts', 'no-such-package', ['resolvable']],
  ['lib/endpoints/one.ts', '@aws-sdk/client-ssm', []],
  ['lib/endpoints/two.ts', '../runner', ['endpoints-looks-down']],
  ['lib/aws/one.ts', 'aws-cdk-lib', []],
  ['lib/aws/two.ts', '../postgres', []],
  ['lib/aws/three.ts', '../runner', ['aws-looks-down']],
  ['lib/aws/four.ts', '../oci', ['aws-looks-down']],
  ['lib/oci/one.ts', '../aws', ['oci-looks-down']],
  ['lib/oci/two.ts', 'aws-cdk-lib', ['only-aws-knows-the-cdk']],
  ['lib/handler/one.ts', '../runner', []],
  ['lib/handler/two.ts', '../aws', ['handler-looks-down']],
  ['lib/handler/three.ts', '../rehearsal', ['handler-looks-down']],
  ['lib/rehearsal/one.ts', '../endpoints', []],
  ['lib/rehearsal/two.ts', '../handler', ['rehearsal-looks-down']],
  ['lib/rehearsal/three.ts', '../../test/tool', ['rehearsal-looks-down']],
  ['lib/cli/one.ts', '../rehearsal', []],
  ['lib/cli/two.ts', '../aws', ['cli-looks-down']],
  ['lib/cli/three.ts', 'aws-cdk-lib', ['only-aws-knows-the-cdk']],
  ['bin/pontoon.ts', '../lib/runner', ['executable-is-the-cli']],
  ['examples/one/index.ts', 'aws-cdk-lib', []],
  ['examples/two/index.ts', '../../lib/aws', ['examples-use-the-package']],
  ['lib/cli/here.ts', './there', ['no-cycles']],
  // A cycle is told once.
  ['lib/cli/there.ts', './here', []],
];

interface Report {
  summary: { violations: { from: string; rule: { name: string } }[] };
}

let dir: string;
let report: Report;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pontoon-imports-'));
  const doors = ['aws', 'cli', 'endpoints', 'handler', 'oci', 'postgres', 'rehearsal', 'runner'];
  for (const room of doors) write(`lib/${room}/index.ts`, 'export const door = 1;');
  write('lib/postgres/inside.ts', 'export const inside = 1;');
  write('test/tool.ts', 'export const tool = 1;');
  for (const [file, imported] of FILES) {
    write(file, `import * as it from '${imported}';\nexport const used = [it];`);
  }
  for (const file of ['package.json', 'tsconfig.json', 'node_modules']) {
    symlinkSync(join(ROOT, file), join(dir, file));
  }
  report = cruise();
});

afterAll(() => rmSync(dir, { recursive: true }));

test.each(FILES)('%s importing %s breaks %j', (file, _, broken) => {
  const rules = report.summary.violations.filter(({ from }) => from === file);
  expect(rules.map(({ rule }) => rule.name)).toEqual(broken);
});

function write(file: string, text: string): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
}

function cruise(): Report {
  const executable = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(ROOT, '.dependency-cruiser.cjs');
  const args = [executable, '--config', config, '--output-type', 'json', 'lib', 'bin', 'examples'];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: dir, encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Report;
}
