import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Analyzer } from '@pulumi/pulumi/provider/experimental/analyzer';

const COMPONENTS = [
  'BlueGreenDeployment',
  'BlueGreenEndpoint',
  'DatabaseObject',
  'PeeredVcns',
  'PostgresDbSystem',
  'PostgresHost',
  'RunnerHost',
  'StreamingCluster',
];

/** Of the library alone, since the analyzer reads every file that the project names. */
function analyze(): ReturnType<Analyzer['analyze']> {
  const project = mkdtempSync(join(tmpdir(), 'pontoon-analyzer-'));
  try {
    const entry = resolve('lib/oci/index.ts');
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        extends: resolve('tsconfig.json'),
        compilerOptions: { incremental: false, typeRoots: [resolve('node_modules/@types')] },
        include: [],
        files: [entry],
      }),
    );
    return new Analyzer(project, 'pontoon', { main: entry }, new Set(COMPONENTS)).analyze();
  } finally {
    rmSync(project, { recursive: true });
  }
}

test("every component's args and outputs can be offered to the other languages of Pulumi", () => {
  const { components, typeDefinitions } = analyze();
  expect(Object.keys(components).sort()).toEqual(COMPONENTS);
  expect(components.StreamingCluster?.inputs.synchronous).toMatchObject({
    $ref: '#/types/pontoon:index:SynchronousStandbys',
    plain: true,
    optional: true,
  });
  expect(components.BlueGreenDeployment?.inputs.vcnId).not.toHaveProperty('plain');
  expect(typeDefinitions.ReplicationMethod?.enum?.map(({ value }) => value)).toEqual([
    'native',
    'pglogical',
  ]);
});
