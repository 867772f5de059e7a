// `npm test`: every check that the project has, the tests last; all run, whatever failed.
// `npm test -- lint imports` runs only those. The last line printed is `N passed, N failed`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);

const RESULTS = 'test-results';
const JEST_RESULTS = path.join(RESULTS, 'jest.json');

// A check is a script of package.json and counts as one test; jest counts each of its tests.
const CHECKS = [
  { name: 'build', script: 'build' },
  { name: 'lint', script: 'lint' },
  { name: 'lock', script: 'check:lock' },
  { name: 'imports', script: 'check:imports' },
  { name: 'types', script: 'typecheck' },
  { name: 'lint-types', script: 'lint:types' },
  { name: 'unused', script: 'check:unused' },
  { name: 'api', script: 'check:api' },
  { name: 'package', script: 'check:package' },
  { name: 'jest', script: 'jest', args: ['--ci', '--json', `--outputFile=${JEST_RESULTS}`] },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !CHECKS.some((check) => check.name === name));
if (unknown.length > 0) {
  const names = CHECKS.map((check) => check.name).join(', ');
  console.error(`'checks' must be among ${names}, got ${unknown.join(', ')}`);
  process.exit(2);
}

fs.rmSync(RESULTS, { recursive: true, force: true });
fs.mkdirSync(RESULTS);
const results = await runAll(
  CHECKS.filter(({ name }) => asked.length === 0 || asked.includes(name)),
);
const passed = sum(results, 'passed');
const failed = sum(results, 'failed');
const skipped = sum(results, 'skipped');
fs.writeFileSync(
  path.join(RESULTS, 'summary.json'),
  `${JSON.stringify({ passed, failed, skipped, results }, null, 2)}\n`,
);

console.log('');
for (const { name, seconds, failed: failures } of results) {
  console.log(`${failures === 0 ? 'ok  ' : 'FAIL'} ${name.padEnd(12)} ${seconds.toFixed(1)} s`);
}
if (skipped > 0) console.log(`\n${skipped} skipped, which counts as neither`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** What others need comes first, and what takes all cores last; of the rest the longest runs beside the others. */
async function runAll(checks) {
  const named = (...names) => checks.filter(({ name }) => names.includes(name));
  const others = checks.filter(({ name }) => !['build', 'lint-types', 'jest'].includes(name));
  const built = await inTurn(named('build'));
  const checked = await Promise.all([inTurn(named('lint-types')), inTurn(others)]);
  return [...built, ...checked.flat(), ...(await inTurn(named('jest')))];
}

async function inTurn(checks) {
  const results = [];
  for (const check of checks) results.push(await run(check));
  return results;
}

/** What a check says is shown when it has ended, since another one may run beside it; only the tests are watched. */
async function run({ name, script, args = [] }) {
  const started = performance.now();
  const watched = name === 'jest';
  if (watched) console.log(`\n# ${name}`);
  const child = spawn('npm', ['run', '--silent', script, '--', ...args], {
    stdio: watched ? 'inherit' : ['ignore', 'pipe', 'pipe'],
  });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => said.push(part));
  const [status] = await once(child, 'close');
  if (!watched) process.stdout.write(`\n# ${name}\n${Buffer.concat(said)}`);
  const seconds = (performance.now() - started) / 1000;
  const counts = name === 'jest' ? countJest(status) : { passed: status === 0 ? 1 : 0 };
  const { passed, failed = status === 0 ? 0 : 1, skipped = 0 } = counts;
  return { name, seconds, passed, failed, skipped };
}

/** Counts tests, and each file that could not even be loaded as one failure. */
function countJest(status) {
  if (!fs.existsSync(JEST_RESULTS)) return { passed: 0, failed: 1 };
  const report = JSON.parse(fs.readFileSync(JEST_RESULTS, 'utf8'));
  // Tests that need root or a Debian package say so and are skipped. Where everything is there that they need, none may be.
  const mayNot = process.env.PONTOON_NO_SKIPS === 'true';
  for (const name of skippedTests(report)) console.error(`skipped: ${name}`);
  const unasked = report.numPendingTests + report.numTodoTests;
  const failures =
    report.numFailedTests + report.numRuntimeErrorTestSuites + (mayNot ? unasked : 0);
  return {
    passed: report.numPassedTests,
    // jest also fails without a failed test, for example when an obsolete snapshot is refused.
    failed: failures === 0 && status !== 0 ? 1 : failures,
    skipped: mayNot ? 0 : unasked,
  };
}

function skippedTests({ testResults }) {
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'pending' || status === 'todo')
    .map(({ fullName }) => fullName);
}

function sum(rows, key) {
  return rows.reduce((total, row) => total + row[key], 0);
}
