import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rehearse } from '../../lib/rehearsal';

/** What the rehearsal of the example took. */
export interface RehearsalBench {
  readonly name: string;
  readonly rows: number;
  readonly ok: boolean;
  readonly problems: readonly string[];
  /** Wall time, without the synthesis. */
  readonly seconds: number;
  readonly phases: readonly { readonly title: string; readonly seconds: number }[];
}

/** Rehearses the example with DMS with that many rows. */
export async function benchRehearsal(
  rows = 200_000,
  root = process.cwd(),
): Promise<RehearsalBench> {
  const dir = mkdtempSync(join(tmpdir(), 'pontoon-bench-'));
  try {
    const assembly = join(dir, 'cdk.out');
    const { status, stderr } = spawnSync(process.execPath, [resolve(root, 'dist/bin/app.js')], {
      encoding: 'utf8',
      env: { ...process.env, CDK_OUTDIR: assembly },
    });
    if (status !== 0) throw new Error(`the examples must synthesize, got: ${stderr}`);
    const report = await rehearse({ assembly, stack: 'HybridMigration', rows });
    const { ok, problems, seconds, phases } = report;
    return { name: 'all of it', rows, ok, problems, seconds, phases };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
