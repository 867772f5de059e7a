import { secretSpellings } from '../checks/secret-scan';
import type { RehearsalReport } from './report';

const PLACE = 'report, as JSON and as a page';
const BLANK = '<secret>';

/**
 * `report` with every one of `secrets` blanked, so that it can be written: the page says nothing that is not in it. Where
 * there was one, the rehearsal has failed, since what came here stands in a log or in an event of a stack too.
 */
export function sealReport(report: RehearsalReport, secrets: readonly string[]): RehearsalReport {
  const spellings = secretSpellings(secrets);
  let found = false;
  const blank = (text: string): string => {
    const blanked = spellings.reduce((done, secret) => done.replaceAll(secret, BLANK), text);
    found ||= blanked !== text;
    return blanked;
  };
  const text = JSON.stringify(report, (_key, value: unknown) =>
    typeof value === 'string' ? blank(value) : value,
  );
  const { secretScan, ...sealed } = JSON.parse(text) as RehearsalReport;
  const places = [...secretScan.places, PLACE];
  if (!found) return { ...sealed, secretScan: { ...secretScan, places } };
  return {
    ...sealed,
    ok: false,
    problems: [...sealed.problems, `a secret is written in the ${PLACE}; it was blanked`],
    secretScan: { ...secretScan, places, found: [...secretScan.found, PLACE] },
  };
}
