import { recordOf } from '../assembly';
import type { RehearsalContext } from '../context';
import type { RehearsedSwitch } from '../report/report';
import type { Workload } from './workload';

/** How long applications may take to write again after a switch, in milliseconds. */
export const WRITE_AGAIN_MS = 30_000;

/** One switch between writers, and who walks it. */
export interface WritersSwitch {
  readonly name: string;
  readonly title: string;
  /** The new writer, asked once it was switched. */
  readonly to: () => string;
  readonly walk: () => Promise<Pick<RehearsedSwitch, 'closedMs' | 'compared' | 'states'>>;
}

/** Switches writers while applications write, and writes down for how long they could not. */
export async function switchWriters(
  { findings, recorder }: RehearsalContext,
  { applications }: Workload,
  { name, title, to, walk }: WritersSwitch,
): Promise<void> {
  const before = applications.outages.length;
  const { closedMs, compared, states } = await walk();
  const server = to();
  await applications.untilWriting({ server, deadlineMs: WRITE_AGAIN_MS });
  const [outage] = applications.outages.slice(before);
  const began = recorder.now() - (performance.now() - (outage?.beganAtMs ?? 0)) / 1000;
  findings.switches.push({
    name,
    title,
    to: server,
    closedMs: Math.round(closedMs),
    compared,
    states,
    ...(outage === undefined
      ? {}
      : {
          atSeconds: Math.round(began * 1000) / 1000,
          medianMs: Math.round(outage.medianMs),
          longestMs: Math.round(outage.longestMs),
        }),
  });
  if (outage === undefined)
    findings.problems.push(`no application was seen to move to '${server}' by '${title}'`);
}

/** What the walk of a switch says of itself, as the function and the command both put it. */
export function outcomeOf(
  output: Readonly<Record<string, unknown>>,
): Pick<RehearsedSwitch, 'closedMs' | 'compared'> {
  const { tables, of } = recordOf(output.compared);
  return {
    closedMs: Number(output.closedMs),
    compared: { tables: Number(tables), of: Number(of) },
  };
}
