import {
  type Check,
  checkStatus,
  type Finding,
  type PreflightReport,
  preflightChecks,
  preflightExitCode,
  renderObstacles,
  renderPreflight,
  uncheckedFinding,
} from '../../../lib/postgres';
import { hybridChain } from '../hybrid-chain';

const check: Check = {
  id: 'tables',
  title: 'tables',
  query: () => ({ text: '', redacted: '' }),
  evaluate: () => [],
};

function finding(severity: Finding['severity'], object: string): Finding {
  return {
    check: 'tables',
    severity,
    object,
    message: `${object} is wrong`,
    fix: `-- ${object}\nEND;`,
  };
}

function report(findings: readonly Finding[]): PreflightReport {
  const status = checkStatus(check, findings);
  return {
    server: 'onPremises',
    findings,
    queries: 44,
    checks: [{ id: 'tables', title: 'tables', status }],
    rows: {},
  };
}

test('an error outweighs what is unchecked, which outweighs a warning', () => {
  const [warning, unchecked, error] = [
    finding('warning', 'a'),
    finding('unchecked', 'b'),
    finding('error', 'c'),
  ];
  expect(checkStatus(check, [])).toBe('passed');
  expect(checkStatus(check, [warning])).toBe('warned');
  expect(checkStatus(check, [warning, unchecked])).toBe('unchecked');
  expect(checkStatus(check, [warning, unchecked, error])).toBe('failed');
  expect(preflightExitCode([])).toBe(0);
  expect(preflightExitCode([report([warning])])).toBe(0);
  expect(preflightExitCode([report([warning]), report([unchecked])])).toBe(3);
  expect(preflightExitCode([report([error]), report([unchecked])])).toBe(1);
});

test('the text lists twenty objects of a check, and counts the others', () => {
  const findings = Array.from({ length: 23 }, (_, index) => finding('error', `t${index}`));
  const text = renderPreflight(report(findings));
  expect(text.split('\n')).toHaveLength(2 + 20 * 3 + 1 + 1 + 1);
  expect(text.split('\n').slice(0, 5)).toEqual([
    "Preflight of 'onPremises' (44 statements)",
    'FAILED     tables [tables]',
    '    error: t0 is wrong',
    '        -- t0',
    '        END;',
  ]);
  expect(text.split('\n').slice(-3)).toEqual([
    '    … and 3 more; the JSON report lists them all',
    '0 passed, 0 with warnings, 1 failed, 0 unchecked',
    '',
  ]);
});

test('what stops a deployment comes before what does not, and nothing is left out', () => {
  const checks = (['warned', 'passed', 'unchecked', 'failed'] as const).map((status) => ({
    id: status,
    title: `a check that ${status}`,
    status,
  }));
  const of = (id: string, severity: Finding['severity'], object = id): Finding => ({
    check: id,
    severity,
    object,
    message: `${object} is wrong`,
  });
  const findings = [
    ...Array.from({ length: 23 }, (_, index) => of('warned', 'warning', `w${index}`)),
    of('unchecked', 'unchecked'),
    of('failed', 'warning', 'f0'),
    of('failed', 'error', 'f1'),
  ];
  const text = renderObstacles({ ...report(findings), checks }, 'the log has it all');
  expect(text.split('\n').slice(0, 8)).toEqual([
    "Preflight of 'onPremises': 1 passed, 1 with warnings, 1 failed, 1 unchecked; the log has it all",
    'FAILED     a check that failed [failed]',
    '    error: f1 is wrong',
    '    warning: f0 is wrong',
    'UNCHECKED  a check that unchecked [unchecked]',
    '    unchecked: unchecked is wrong',
    'warning    a check that warned [warned]',
    '    warning: w0 is wrong',
  ]);
  expect(text.split('\n')).toHaveLength(7 + 23);
});

test('each server is checked for the part that it plays', () => {
  const topology = hybridChain();
  const ids = (server: string) => preflightChecks(topology, server).map(({ id }) => id);
  expect(ids('onPremises')).toEqual([
    'version',
    'settings',
    'room',
    'privileges',
    'statement-log',
    'access',
    'tablespaces',
    'selection',
    'cutover-rights',
    'schema-copy',
    'replica-identity',
    'filters-and-columns',
    'unlogged-tables',
    'generated-columns',
    'partition-roots',
    'large-objects',
    'sequences',
    'dms-names',
    'dms-columns',
    'dms-constraints',
    'extensions',
    'prepared-transactions',
    'long-transactions',
    'collations',
  ]);
  expect(ids('standby')).toEqual([
    'version',
    'settings',
    'room',
    'access',
    'dms-settings',
    'collations',
  ]);
  expect(ids('aurora')).toEqual(['version', 'settings', 'privileges', 'statement-log']);
});

describe('collations of a standby', () => {
  const topology = hybridChain();
  const collations = preflightChecks(topology, 'standby').find(({ id }) => id === 'collations');
  const row = (actual: string) => ({
    schema: null,
    name: 'shop',
    provider: 'c',
    recorded: '2.36',
    actual,
  });

  test('are unchecked until those of the primary are known', () => {
    expect(collations?.evaluate([row('2.36')], { topology, server: 'standby' })).toEqual([
      {
        check: 'collations',
        severity: 'unchecked',
        message: `the collation versions of 'standby' could not be compared with those of 'onPremises'; check 'onPremises' in the same run`,
      },
    ]);
  });

  test('must be those of the primary', () => {
    const peers = { onPremises: { collations: [row('2.36')] } };
    const context = { topology, server: 'standby', peers };
    expect(collations?.evaluate([row('2.36')], context)).toEqual([]);
    expect(collations?.evaluate([row('2.41')], context)).toEqual([
      {
        check: 'collations',
        severity: 'error',
        object: 'the default collation of database "shop"',
        message: `the default collation of database "shop" must have the same version on 'standby' as on 'onPremises', whose indexes it copies, got 2.41 and 2.36; install the operating system release of 'onPremises', or rebuild the text indexes after a promotion`,
      },
    ]);
  });
});

test('a refused query is unchecked, with what would permit it', () => {
  const topology = hybridChain();
  const refused = { message: 'permission denied', sqlState: '42501' };
  const permitted = { ...check, permit: (role: string) => `GRANT x TO "${role}";` };
  const context = { topology, server: 'onPremises', role: 'admin' };
  const unchecked = {
    check: 'tables',
    severity: 'unchecked',
    message: `tables could not be checked on 'onPremises', which said "permission denied" (42501); mend that, and check again`,
  };
  expect(uncheckedFinding(check, context, refused)).toEqual(unchecked);
  expect(uncheckedFinding(permitted, context, refused)).toEqual({
    ...unchecked,
    fix: 'GRANT x TO "admin";',
  });
  expect(uncheckedFinding(permitted, { topology, server: 'onPremises' }, refused)).toEqual(
    unchecked,
  );
});
