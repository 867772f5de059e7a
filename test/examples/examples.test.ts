import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
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

describe.each(EXAMPLES.slice(0, 2))('the way of %s to its source', (name, make) => {
  let graph: ResourceGraph;
  beforeAll(() => {
    graph = new ResourceGraph(synthesize(make).template);
  });

  test('leads through a gateway that is attached to this VPC before the route is made', () => {
    const attachments = graph.ofType('AWS::EC2::VPCGatewayAttachment');
    const [vpc = ''] = graph.ofType('AWS::EC2::VPC');
    const routes = graph
      .ofType('AWS::EC2::Route')
      .filter((id) => graph.resources[id]?.Properties.DestinationCidrBlock === '192.0.2.0/24');
    // The target answers the source after a cutover, out of subnets of its own in one of the examples.
    expect(routes).toHaveLength(name === 'HybridMigration' ? 4 : 2);
    for (const id of routes) {
      const gateway = graph.resources[id]?.Properties.GatewayId;
      const attached = attachments.filter((attachment) => {
        const { VpcId, VpnGatewayId } = graph.resources[attachment]?.Properties ?? {};
        return isDeepStrictEqual([VpcId, VpnGatewayId], [{ Ref: vpc }, gateway]);
      });
      expect(attached).toHaveLength(1);
      expect(graph.needs(id)).toContain(attached[0]);
      expect(graph.needs(id)).toContain(graph.only('AWS::EC2::VPNConnection'));
      expect(graph.needs(graph.only('Custom::PontoonPreflight'))).toContain(id);
    }
  });

  test('is made first, for the tunnel to be up, and stays as it is', () => {
    const { resources } = new ResourceGraph(synthesize(make, { networkOnly: 'true' }).template);
    const ids = Object.keys(resources);
    expect(ids).toContain(graph.only('AWS::EC2::VPNConnection'));
    expect(ids.filter((id) => /Pontoon|Migration/.test(id))).toEqual([]);
    expect(resources).toEqual(Object.fromEntries(ids.map((id) => [id, graph.resources[id]])));
  });
});
