import { createTopology, LinkKind, Platform, WalLevel } from '../../lib/postgres';
import { verdictOf } from '../../lib/rehearsal';
import { type Findings, newFindings, toReport } from '../../lib/rehearsal/findings';
import { Recorder } from '../../lib/rehearsal/recorder';

const topology = createTopology({
  servers: {
    a: {
      platform: Platform.SELF_MANAGED,
      majorVersion: 17,
      database: 'shop',
      walLevel: WalLevel.LOGICAL,
    },
    c: { platform: Platform.AURORA, majorVersion: 17, database: 'shop' },
  },
  links: [{ kind: LinkKind.NATIVE, from: 'a', to: 'c', selection: { schemas: ['shop'] } }],
});
const rehearsed = { stack: 'Stack', name: 'M', topology };

function report(change: (findings: Findings) => void) {
  const findings = newFindings();
  change(findings);
  const recorder = new Recorder(() => undefined);
  return toReport(findings, { recorder, rehearsed });
}

test('a rehearsal in which nothing was wrong has passed', () => {
  const good = report(() => undefined);
  expect(good).toMatchObject({
    version: 1,
    stack: 'Stack',
    migration: 'M',
    ok: true,
    problems: [],
    unchecked: [],
    leftovers: [],
  });
  expect(verdictOf(good)).toBe('passed');
  expect(good).not.toHaveProperty('latencyMs');
});

test('what is left behind is a problem', () => {
  const left = report(({ leftovers }) => leftovers.push(`slot 's' on 'a'`));
  expect(left.problems).toEqual([`slot 's' on 'a' was left behind`]);
  expect(verdictOf(left)).toBe('failed');
});

test.each([
  [[], ['it could not be compared'], 'unchecked'],
  [['the schedule failed'], ['it could not be compared'], 'failed'],
] as const)(
  'with the problems %j and unchecked %j it has the verdict %s',
  (problems, unchecked, verdict) => {
    const made = report((findings) => {
      findings.problems.push(...problems);
      findings.unchecked.push(...unchecked);
    });
    expect(made.ok).toBe(false);
    expect(verdictOf(made)).toBe(verdict);
  },
);

test('a difference that several servers share is told once', () => {
  const shim = { name: 'fsync = off', reason: 'disks are slow' };
  const other = { ...shim, reason: 'for another reason' };
  expect(report(({ shims }) => shims.push(shim, { ...shim }, other)).shims).toEqual([shim, other]);
});

test('no secret is in the report, wherever it came from', () => {
  const made = report((findings) => {
    findings.secrets.push('correct-horse');
    findings.problems.push('login correct-horse failed');
  });
  expect(JSON.stringify(made)).not.toContain('correct-horse');
  expect(made.problems).toContain('login <secret> failed');
});
