import { readCloudAssembly } from './assembly';
import { readChain } from './chain';
import type { CommonContext } from './context';
import { newFindings, type Rehearsed, toReport } from './findings';
import { readMigration } from './migration';
import { play } from './play';
import { Recorder } from './recorder';
import type { RehearsalEvent, RehearsalReport } from './report/report';
import { Workspace } from './servers';

/** What to rehearse, and how. */
export interface RehearseOptions {
  /** The directory that `cdk synth` wrote. */
  readonly assembly: string;
  /** The stack. */
  readonly stack: string;
  /**
   * The migration of the stack.
   *
   * @default - the only one
   */
  readonly migration?: string;
  /**
   * Rows of sample data, about.
   *
   * @default 20000
   */
  readonly rows?: number;
  /**
   * Whether writers are switched: there, back, there again, and to the end.
   *
   * @default true, where the stack has a state machine for it
   */
  readonly cutover?: boolean;
  /** Told what happens, while it happens. */
  readonly onEvent?: (event: RehearsalEvent) => void;
  /** Ends the rehearsal; everything is still cleared away. */
  readonly signal?: AbortSignal;
}

const ROWS = 20_000;

/**
 * Deploys a migration of a synthesized stack on this machine: on real servers, by the handler that the template
 * ships; has applications write meanwhile, compares every row, and deletes the stack again. Nothing that goes wrong
 * is thrown: it is in the report's `problems`, and everything is cleared away in any case.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalReport> {
  const assembly = readCloudAssembly(options.assembly);
  const migration = readMigration(assembly, options.stack, options.migration);
  const rehearsed = {
    stack: migration.stack.stackName,
    name: migration.name,
    topology: migration.topology,
  };
  const chain = readChain(migration.topology);
  return await rehearseBy(options, rehearsed, (context) =>
    play({ ...context, chain, assembly, migration }),
  );
}

/** What every rehearsal can be told. */
export type CommonOptions = Pick<RehearseOptions, 'rows' | 'cutover' | 'onEvent' | 'signal'>;

/** Has `perform` play, clears everything away in any case, and reports. */
export async function rehearseBy(
  options: CommonOptions,
  rehearsed: Rehearsed,
  perform: (context: CommonContext) => Promise<void>,
): Promise<RehearsalReport> {
  const recorder = new Recorder(options.onEvent ?? (() => undefined));
  const findings = newFindings();
  const workspace = await Workspace.open();
  // Without servers and directory nothing that still runs gets any further. Its failure is that of the last phase.
  const interrupt = (): void => void workspace.dispose().catch(() => undefined);
  options.signal?.addEventListener('abort', interrupt, { once: true });
  if (options.signal?.aborted === true) interrupt();
  try {
    const { rows = ROWS, cutover = true, signal } = options;
    const context = { rows, cutover, recorder, findings, rehearsed, workspace };
    await perform(signal === undefined ? context : { ...context, signal });
  } catch (error) {
    findings.problems.push(messageOf(error));
  }
  options.signal?.removeEventListener('abort', interrupt);
  // What fails because of the interruption says nothing of what is rehearsed.
  if (options.signal?.aborted === true) {
    findings.problems.splice(0, Number.POSITIVE_INFINITY, messageOf(options.signal.reason));
    findings.unchecked.length = 0;
  }
  await recorder.phase('clear', 'Clear away', async () => {
    await workspace.dispose();
    findings.leftovers.push(...(await workspace.leftovers()));
  });
  return toReport(findings, { recorder, rehearsed });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
