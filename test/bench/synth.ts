import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { DmsAccountRoles, HybridMigration, SourceRoute } from '../../lib/aws';
import { WalLevel } from '../../lib/postgres';
import { ByHandStack, type PlainTemplate } from './by-hand';

/** One line of the table. */
export interface SynthRow {
  readonly name: string;
  /** Median wall time of one app, from its first construct to its assembly on disk. */
  readonly milliseconds: number;
  /** The part of it in which the constructs were made. */
  readonly definition: number;
  readonly resources: number;
}

/** What the benchmark measured. */
export interface SynthBench {
  readonly rows: readonly SynthRow[];
  /** The library's time against that of the same resources written by hand. */
  readonly ratio: number;
  /** Milliseconds of each migration, by how many are in the app. */
  readonly each: Readonly<Record<string, number>>;
}

const RUNS = 7;
const COUNTS = [1, 10, 50];
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** Synthesizes migrations, and the same resources written by hand, in turns. */
export function benchSynth(root = process.cwd()): SynthBench {
  const dir = mkdtempSync(join(tmpdir(), 'pontoon-bench-'));
  try {
    const code = resolve(root, 'dist', 'handler');
    const first = measure(dir, (app) => addMigrations(app, 1));
    const { template } = first;
    const byHand = (app: App): unknown => new ByHandStack(app, 'ByHand', { template, code });
    measure(dir, byHand);
    const runs = { library: [] as Measured[], hand: [] as Measured[] };
    for (let run = 0; run < RUNS; run += 1) {
      runs.library.push(measure(dir, (app) => addMigrations(app, 1)));
      runs.hand.push(measure(dir, byHand));
    }
    const library = row('HybridMigration', runs.library);
    const hand = row('the same resources by hand', runs.hand);
    const many = COUNTS.map(
      (count) => [count, measure(dir, (app) => addMigrations(app, count))] as const,
    );
    return {
      rows: [
        library,
        hand,
        ...many.map(([count, one]) => row(`${count} migrations in one app`, [one])),
      ],
      ratio: library.milliseconds / hand.milliseconds,
      each: Object.fromEntries(many.map(([count, one]) => [count, one.milliseconds / count])),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

interface Measured {
  readonly milliseconds: number;
  readonly count: number;
  readonly template: PlainTemplate;
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
  const templates = stacks.map((stack) => stack.template as PlainTemplate);
  const [template = { Resources: {} }] = templates;
  const count = templates.reduce((sum, { Resources }) => sum + Object.keys(Resources).length, 0);
  return { milliseconds, definition, count, template };
}

function row(name: string, runs: readonly Measured[]): SynthRow {
  const sorted = [...runs].sort((a, b) => a.milliseconds - b.milliseconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  return {
    name,
    milliseconds: median?.milliseconds ?? 0,
    definition: median?.definition ?? 0,
    resources: median?.count ?? 0,
  };
}

function addMigrations(app: App, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const stack = new Stack(app, `Migration${index}`);
    const accountRoles = index === 0 ? DmsAccountRoles.CREATE : DmsAccountRoles.EXISTING;
    new HybridMigration(stack, 'Migration', {
      vpc: new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
      source: {
        host: 'db.corp.example',
        majorVersion: 17,
        databaseName: 'shop',
        walLevel: WalLevel.LOGICAL,
        cidrs: ['192.0.2.0/24'],
        route: SourceRoute.virtualPrivateGateway('vgw-0a1b2c3d4e5f67890'),
        secret: new Secret(stack, 'SourceLogin'),
        username: 'pontoon',
        caCertificate: CERTIFICATE,
      },
      standby: { privateIpAddress: '10.0.128.10', dataVolumeGiB: 100 },
      target: { majorVersion: 17 },
      selection: { schemas: ['shop'] },
      dms: { accountRoles },
    });
  }
}
