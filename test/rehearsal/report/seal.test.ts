import fc from 'fast-check';
import { renderReportPage, verdictOf } from '../../../lib/rehearsal';
import { sealReport } from '../../../lib/rehearsal/report/seal';
import { INVENTED_REPORT } from './invented-report';

const PLACE = 'report, as JSON and as a page';

test('a report without a secret stays as it is, and says that it was searched', () => {
  expect(sealReport(INVENTED_REPORT, ['not in there'])).toEqual({
    ...INVENTED_REPORT,
    secretScan: {
      ...INVENTED_REPORT.secretScan,
      places: [...INVENTED_REPORT.secretScan.places, PLACE],
    },
  });
});

test('a secret in a report is blanked, and fails the rehearsal', () => {
  const problems = ['login with hunter22hunter and hunter22hunter-2 failed'];
  const sealed = sealReport({ ...INVENTED_REPORT, problems }, [
    'hunter22hunter',
    'hunter22hunter-2',
  ]);
  expect(sealed.problems).toEqual([
    'login with <secret> and <secret> failed',
    `a secret is written in the ${PLACE}; it was blanked`,
  ]);
  expect(sealed.secretScan.found).toEqual([PLACE]);
  expect([sealed.ok, verdictOf(sealed)]).toEqual([false, 'failed']);
});

test('no secret of any characters gets through, as it is, inside JSON or inside a URL', () => {
  const secret = fc.string({ unit: 'grapheme', minLength: 12, maxLength: 40 });
  fc.assert(
    fc.property(secret, (password) => {
      // What stands in the report anyway is no secret.
      fc.pre(!JSON.stringify(INVENTED_REPORT).includes(password));
      const sealed = sealReport(
        {
          ...INVENTED_REPORT,
          problems: [password, JSON.stringify({ password }), encodeURIComponent(password)],
          steps: [{ ...step(), detail: `got ${password}` }],
        },
        [password],
      );
      expect(sealed.problems.slice(0, 3)).toEqual([
        '<secret>',
        '{"password":"<secret>"}',
        '<secret>',
      ]);
      expect(sealed.steps).toEqual([{ ...step(), detail: 'got <secret>' }]);
      expect(sealed.ok).toBe(false);
    }),
  );
});

test('the page of a sealed report has no secret either', () => {
  const password = `"p<a>ss&w'ord"`;
  const sealed = sealReport({ ...INVENTED_REPORT, leftovers: [`role ${password}`] }, [password]);
  const page = renderReportPage(sealed);
  expect(page).not.toContain('ss&');
  expect(page).toContain('role &lt;secret&gt;');
});

function step() {
  return {
    logicalId: 'Slot',
    type: 'Custom::PontoonLogicalSlot',
    action: 'create',
    atSeconds: 1,
    seconds: 1,
    status: 'failed',
  } as const;
}
