import { renderDiagram, serverOf, type Topology } from '../postgres';
import type { SecretScan } from './checks/secret-scan';
import type { Recorder } from './recorder';
import type { RehearsalReport, RehearsedSwitch, VerifiedTable } from './report/report';
import { sealReport } from './report/seal';
import type { Server, Shim, StandIn } from './servers';
import { version } from './version';
import type { WriteCheck } from './workload/journal';
import type { Latency } from './workload/latency';

/** What is rehearsed, whatever deploys it. */
export interface Rehearsed {
  /** The stack that holds it. */
  readonly stack: string;
  /** What it is called in the stack. */
  readonly name: string;
  readonly topology: Topology;
}

/** What a rehearsal has found out so far. */
export interface Findings {
  readonly startedAt: Date;
  readonly problems: string[];
  /** What could not be checked. */
  readonly unchecked: string[];
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
  /** Every secret that was used. They stand in no report. */
  readonly secrets: string[];
  latency: Latency | undefined;
  /** The switches between writers, in order. */
  readonly switches: RehearsedSwitch[];
  /** What applications were told, beside what was found; undefined if nobody counted. */
  writes: WriteCheck | undefined;
  seeded: number;
  written: number;
}

/** Nothing yet. */
export function newFindings(): Findings {
  return {
    startedAt: new Date(),
    problems: [],
    unchecked: [],
    servers: [],
    verification: [],
    standIns: [],
    shims: [],
    notPlayed: [],
    leftovers: [],
    secretScan: { secrets: 0, places: [], found: [], notSearched: [] },
    secrets: [],
    latency: undefined,
    switches: [],
    writes: undefined,
    seeded: 0,
    written: 0,
  };
}

/**
 * The report of what was found. It is good only if nothing at all went wrong, nothing is left and nothing is unchecked.
 * A secret that stands in it is blanked, and is a problem.
 */
export function toReport(
  findings: Findings,
  context: { readonly recorder: Recorder; readonly rehearsed: Rehearsed },
): RehearsalReport {
  const { recorder, rehearsed } = context;
  const problems = [
    ...findings.problems,
    ...findings.leftovers.map((left) => `${left} was left behind`),
  ];
  const report: RehearsalReport = {
    version: 1,
    pontoon: version(),
    stack: rehearsed.stack,
    migration: rehearsed.name,
    startedAt: findings.startedAt.toISOString(),
    seconds: recorder.now(),
    ok: problems.length + findings.unchecked.length === 0,
    problems,
    unchecked: findings.unchecked,
    diagram: renderDiagram(rehearsed.topology),
    servers: findings.servers.map(({ name, server, role, version: exact }) => ({
      name,
      role,
      major: server.major,
      version: exact,
      platform: serverOf(rehearsed.topology, name).platform,
    })),
    phases: recorder.phases,
    steps: recorder.steps,
    samples: recorder.samples,
    ...(findings.latency === undefined ? {} : { latencyMs: findings.latency }),
    workload: {
      seeded: findings.seeded,
      written: findings.written,
      ...(findings.writes === undefined ? {} : { told: counted(findings.writes) }),
    },
    switches: findings.switches,
    verification: findings.verification,
    standIns: findings.standIns,
    shims: unique(findings.shims),
    notPlayed: findings.notPlayed,
    leftovers: findings.leftovers,
    secretScan: findings.secretScan,
  };
  return sealReport(report, findings.secrets);
}

function counted({ acknowledged, missing, doubled, unexpected }: WriteCheck) {
  return {
    acknowledged,
    missing: missing.length,
    doubled: doubled.length,
    unexpected: unexpected.length,
  };
}

/** Several servers differ in the same way; a reader wants to be told once. */
function unique(shims: readonly Shim[]): Shim[] {
  return [...new Map(shims.map((shim) => [`${shim.name}\0${shim.reason}`, shim])).values()];
}
