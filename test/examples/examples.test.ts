import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { context } from '../../cdk.json';
import { AuroraToAuroraStack } from '../../examples/aurora-to-aurora';
import { HybridMigrationStack } from '../../examples/hybrid-migration';
import { HybridMigrationNativeStack } from '../../examples/hybrid-migration-native';
import { ResourceGraph } from '../aws/resource-graph';
import { checkTemplate } from '../templates/cloudformation-schema';
import { nagFindings } from '../templates/nag';
import { normalizeTemplate } from '../templates/snapshot';

const EXAMPLES: readonly [string, (app: App) => Stack, (major: number) => object][] = [
  ['HybridMigration', (app) => new HybridMigrationStack(app, 'HybridMigration'), hybridServers],
  [
    'HybridMigrationNative',
    (app) => new HybridMigrationNativeStack(app, 'HybridMigrationNative'),
    hybridServers,
  ],
  [
    'AuroraToAurora',
    (app) => new AuroraToAuroraStack(app, 'AuroraToAurora'),
    (majorVersion) => ({ source: { majorVersion: 16 }, target: { majorVersion } }),
  ],
];

function hybridServers(majorVersion: number): object {
  return { onPremises: { majorVersion }, aurora: { majorVersion } };
}

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pontoon-examples-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function synthesize(make: (app: App) => Stack, more: object = {}): { app: App; template: object } {
  const app = new App({
    analyticsReporting: false,
    outdir: mkdtempSync(join(dir, 'cdk.out-')),
    context: { ...context, ...more },
  });
  const { stackName } = make(app);
  return { app, template: app.synth().getStackByName(stackName).template };
}

describe.each(EXAMPLES)('%s', (_name, make, servers) => {
  test('is what it was', () => {
    expect(normalizeTemplate(synthesize(make).template)).toMatchSnapshot();
  });

  test.each([16, 17, 18])('is valid, without circles and findings, on PostgreSQL %i', (major) => {
    const { app, template } = synthesize(make, { majorVersion: String(major) });
    expect(checkTemplate(template)).toEqual([]);
    expect(new ResourceGraph(template).circles()).toEqual([]);
    expect(nagFindings(app)).toEqual([]);
    const { Metadata } = template as { Metadata: Record<string, unknown> };
    expect(Metadata.Pontoon).toMatchObject({
      version: 1,
      migrations: { Migration: { topology: { servers: servers(major) } } },
    });
  });
});
