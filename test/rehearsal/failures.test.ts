import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rehearse, verdictOf } from '../../lib/rehearsal';

// `npm test` builds before jest runs.
const APP = resolve(__dirname, '../../dist/bin/app.js');
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-failures-'));
  const { status } = spawnSync(process.execPath, [APP], {
    env: { ...process.env, CDK_OUTDIR: directory },
  });
  expect(status).toBe(0);
});
afterAll(() => rmSync(directory, { recursive: true }));

test('a custom resource that cannot be made rolls the deployment back, and leaves nothing', async () => {
  const file = join(directory, 'HybridMigrationNative.template.json');
  const original = readFileSync(file, 'utf8');
  const template = JSON.parse(original);
  const [id, resource] = Object.entries<{ Type: string; Properties: { spec: object } }>(
    template.Resources,
  ).find(([, { Type }]) => Type === 'Custom::PontoonSubscription') ?? ['', undefined];
  expect(resource).toBeDefined();
  if (resource !== undefined) resource.Properties.spec = { kind: 'nonsense' };
  writeFileSync(file, JSON.stringify(template));
  try {
    const report = await rehearse({
      assembly: directory,
      stack: 'HybridMigrationNative',
      rows: 100,
    });
    expect(report.ok).toBe(false);
    expect(verdictOf(report)).toBe('failed');
    expect(report.problems).toHaveLength(1);
    expect(report.problems[0]).toMatch(
      new RegExp(`^the deployment ended as ROLLBACK_COMPLETE: ${id}: `),
    );
    expect(report.leftovers).toEqual([]);
  } finally {
    writeFileSync(file, original);
  }
});
