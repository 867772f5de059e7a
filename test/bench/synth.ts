import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DmsAccountRoles, HybridMigration, SourceRoute } from '../../lib/aws';
import { WalLevel } from '../../lib/postgres';
import { PEM } from '../aws/certificate';
import { BareStack, type BareTemplate } from './bare-stack';
import { PlainStack } from './plain/stack';
import { plainTexts } from './plain/texts';

/** One line of the table. */
export interface SynthRow {
  readonly name: string;
  /** Median wall time of one app, from its first construct to its assembly on disk. */
  readonly milliseconds: number;
  /** The part of it in which the constructs were made. */
  readonly definition: number;
  readonly resources: number;
  /** How often one resource names another in DependsOn. */
  readonly dependencies: number;
}

/** What the benchmark measured. */
export interface SynthBench {
  readonly rows: readonly SynthRow[];
  /** The library's time against that of the same resources written with aws-cdk-lib's own constructs. */
  readonly ratio: number;
  /** The library's time against that of bare resources, each copied into a CfnResource: the least that it can take. */
  readonly ratioToBare: number;
  /** Milliseconds of each migration, by how many are in the app. */
  readonly each: Readonly<Record<string, number>>;
}

const RUNS = 15;
const WARM_UPS = 3;
const COUNTS = [1, 10, 50];

/** Synthesizes migrations, and the same resources written by hand, in turns in one process. */
export function benchSynth(root = process.cwd()): SynthBench {
  const dir = mkdtempSync(join(tmpdir(), 'pontoon-bench-'));
  try {
    const code = resolve(root, 'dist', 'handler');
    const { template } = measure(dir, (app) => addMigrations(app, 1));
    const texts = plainTexts(template, code);
    const defined = [
      (app: App): unknown => addMigrations(app, 1),
      (app: App): unknown => new PlainStack(app, 'Plain', texts),
      (app: App): unknown => new BareStack(app, 'Bare', { template, code }),
    ];
    const runs: Measured[][] = defined.map(() => []);
    for (let run = -WARM_UPS; run < RUNS; run += 1) {
      for (const [index, define] of defined.entries()) {
        const measured = measure(dir, define);
        if (run >= 0) runs[index]?.push(measured);
      }
    }
    const [library = [], plain = [], bare = []] = runs;
    for (const { template: byHand } of plain) requireSameResources(template, byHand);
    const ours = row('HybridMigration', library);
    const byHand = row("the same with aws-cdk-lib's constructs", plain);
    const least = row('the same as bare resources (lower bound)', bare);
    const many = COUNTS.map(
      (count) => [count, measure(dir, (app) => addMigrations(app, count))] as const,
    );
    return {
      rows: [
        ours,
        byHand,
        least,
        ...many.map(([count, one]) => row(`${count} migrations in one app`, [one])),
      ],
      ratio: ours.milliseconds / byHand.milliseconds,
      ratioToBare: ours.milliseconds / least.milliseconds,
      each: Object.fromEntries(many.map(([count, one]) => [count, one.milliseconds / count])),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Throws unless both have equally many resources of each type. */
function requireSameResources(ours: BareTemplate, other: BareTemplate): void {
  const counts = new Map<string, number>();
  const count = ({ Resources }: BareTemplate, sign: number): void => {
    for (const { Type } of Object.values(Resources))
      counts.set(Type, (counts.get(Type) ?? 0) + sign);
  };
  count(ours, 1);
  count(other, -1);
  const differences = Object.fromEntries([...counts].filter(([, more]) => more !== 0));
  if (Object.keys(differences).length === 0) return;
  throw new Error(
    `the migration by hand must have the resources of HybridMigration, got other counts: ${JSON.stringify(differences)}; correct test/bench/plain`,
  );
}

interface Measured {
  readonly milliseconds: number;
  readonly count: number;
  readonly dependencies: number;
  readonly template: BareTemplate;
  /** The part of the time in which the constructs were made, before synthesis. */
  readonly definition: number;
}

function measure(dir: string, define: (app: App) => unknown): Measured {
  const outdir = mkdtempSync(join(dir, 'cdk.out-'));
  const started = performance.now();
  const app = new App({ analyticsReporting: false, outdir });
  define(app);
  const definition = performance.now() - started;
  const { stacks } = app.synth();
  const milliseconds = performance.now() - started;
  const templates = stacks.map((stack) => stack.template as BareTemplate);
  const [template = { Resources: {} }] = templates;
  const resources = templates.flatMap(({ Resources }) => Object.values(Resources));
  const dependencies = resources.flatMap(({ DependsOn = [] }) => DependsOn).length;
  return { milliseconds, definition, count: resources.length, dependencies, template };
}

function row(name: string, runs: readonly Measured[]): SynthRow {
  const sorted = [...runs].sort((a, b) => a.milliseconds - b.milliseconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  return {
    name,
    milliseconds: median?.milliseconds ?? 0,
    definition: median?.definition ?? 0,
    resources: median?.count ?? 0,
    dependencies: median?.dependencies ?? 0,
  };
}

function addMigrations(app: App, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const stack = new Stack(app, `Migration${index}`);
    const accountRoles = index === 0 ? DmsAccountRoles.CREATE : DmsAccountRoles.EXISTING;
    new HybridMigration(stack, 'Migration', {
      vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
      source: {
        host: `db${index}.corp.example`,
        majorVersion: 17,
        databaseName: 'shop',
        walLevel: WalLevel.LOGICAL,
        cidrs: ['192.0.2.0/24'],
        route: SourceRoute.virtualPrivateGateway('vgw-0a1b2c3d4e5f67890'),
        secret: new Secret(stack, 'SourceLogin'),
        username: 'pontoon',
        caCertificate: PEM,
      },
      standby: { privateIpAddress: '10.0.128.10', dataVolumeGiB: 100 },
      target: { majorVersion: 17 },
      replication: { selection: { schemas: ['shop'] }, dms: { accountRoles } },
    });
  }
}
