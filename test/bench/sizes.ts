import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** How big what is deployed is. CloudFormation takes templates of 1 MB, Step Functions definitions of 1 MB. */
export interface SizeRow {
  readonly name: string;
  readonly resources: number;
  readonly templateKibibytes: number;
  /** Of the state machine of the cutover, tokens as they stand in the template. */
  readonly definitionKibibytes?: number;
}

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }
    >
  >;
}

/** Synthesizes the app and measures each template. */
export function benchSizes(root = process.cwd()): readonly SizeRow[] {
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-sizes-'));
  try {
    const { status, stderr } = spawnSync(process.execPath, [resolve(root, 'dist/bin/app.js')], {
      env: { ...process.env, CDK_OUTDIR: directory },
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the app must synthesize, got: ${stderr}`);
    return readdirSync(directory)
      .filter((file) => file.endsWith('.template.json'))
      .map((file) => sizeOf(file, readFileSync(join(directory, file), 'utf8')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function sizeOf(file: string, text: string): SizeRow {
  const resources = Object.values((JSON.parse(text) as Template).Resources);
  const machine = resources.find(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
  const definition = machine?.Properties?.DefinitionString;
  return {
    name: file.replace('.template.json', ''),
    resources: resources.length,
    templateKibibytes: text.length / 1024,
    ...(definition === undefined
      ? {}
      : { definitionKibibytes: JSON.stringify(definition).length / 1024 }),
  };
}
