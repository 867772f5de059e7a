import { renderDiagram, serverOf } from '../postgres';
import type { Chain } from './chain';
import type { SecretScan } from './checks/secret-scan';
import type { RecordedMigration } from './migration';
import type { Recorder } from './recorder';
import type { RehearsalReport, VerifiedTable } from './report/report';
import type { Server, Shim, StandIn } from './servers';
import { version } from './version';
import type { Latency } from './workload/latency';

/** What a rehearsal has found out so far. */
export interface Findings {
  readonly startedAt: Date;
  readonly problems: string[];
  readonly servers: {
    readonly name: string;
    readonly server: Server;
    readonly role: string;
    readonly version: string;
  }[];
  readonly verification: VerifiedTable[];
  readonly standIns: StandIn[];
  readonly shims: Shim[];
  readonly notPlayed: { readonly type: string; readonly count: number; readonly reason: string }[];
  readonly leftovers: string[];
  secretScan: SecretScan;
  latency: Latency | undefined;
  seeded: number;
  written: number;
}

/** Nothing yet. */
export function newFindings(): Findings {
  return {
    startedAt: new Date(),
    problems: [],
    servers: [],
    verification: [],
    standIns: [],
    shims: [],
    notPlayed: [],
    leftovers: [],
    secretScan: { secrets: 0, places: [], found: [] },
    latency: undefined,
    seeded: 0,
    written: 0,
  };
}

/** The report of what was found. It is good only if nothing at all went wrong and nothing is left. */
export function toReport(
  findings: Findings,
  context: {
    readonly recorder: Recorder;
    readonly migration: RecordedMigration;
    readonly chain: Chain;
  },
): RehearsalReport {
  const { recorder, migration } = context;
  const problems = [
    ...findings.problems,
    ...findings.leftovers.map((left) => `${left} was left behind`),
  ];
  return {
    version: 1,
    pontoon: version(),
    stack: migration.stack.stackName,
    migration: migration.name,
    startedAt: findings.startedAt.toISOString(),
    seconds: recorder.now(),
    ok: problems.length === 0,
    problems,
    diagram: renderDiagram(migration.topology),
    servers: findings.servers.map(({ name, server, role, version: exact }) => ({
      name,
      role,
      major: server.major,
      version: exact,
      platform: serverOf(migration.topology, name).platform,
    })),
    phases: recorder.phases,
    steps: recorder.steps,
    samples: recorder.samples,
    ...(findings.latency === undefined ? {} : { latencyMs: findings.latency }),
    workload: { seeded: findings.seeded, written: findings.written },
    verification: findings.verification,
    standIns: findings.standIns,
    shims: unique(findings.shims),
    notPlayed: findings.notPlayed,
    leftovers: findings.leftovers,
    secretScan: findings.secretScan,
  };
}

/** Several servers differ in the same way; a reader wants to be told once. */
function unique(shims: readonly Shim[]): Shim[] {
  return [...new Map(shims.map((shim) => [`${shim.name}\0${shim.reason}`, shim])).values()];
}
