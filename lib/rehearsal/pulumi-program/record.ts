import { setImmediate as nextTurn } from 'node:timers/promises';
import * as runtime from '@pulumi/pulumi/runtime';
import { type Answers, callAnswer, resourceState } from './answers';
import { firstFailure } from './failure';
import { listen } from './listen';
import type { RegisteredResource } from './registered-resource';

/** A Pulumi program, and what it is run as. */
export interface ProgramOptions {
  readonly project: string;
  readonly stack: string;
  /** The configuration, by full keys such as `oci-blue-green:compartmentId`. */
  readonly config: Readonly<Record<string, string>>;
  /** The keys of `config` whose values are secret. */
  readonly secretKeys?: readonly string[];
  /**
   * What is in the cloud already.
   *
   * @default - nothing
   */
  readonly answers?: Answers;
}

/**
 * Runs a Pulumi program without an engine and a cloud, and returns everything that it registers. Providers answer as
 * `answers.ts` says. One program runs in a process at a time.
 *
 * @throws what the program throws.
 */
export async function recordProgram(
  options: ProgramOptions,
  program: () => unknown,
): Promise<RegisteredResource[]> {
  const { project, stack, config, secretKeys = [], answers = {} } = options;
  await runtime.setMocks(
    { newResource: resourceState, call: (question) => callAnswer(question, answers) },
    project,
    stack,
    false,
  );
  runtime.setAllConfig({ ...config }, [...secretKeys]);
  const heard = listen(runtime.getMonitor());
  await Promise.race([run(program), firstFailure()]);
  return heard();
}

async function run(program: () => unknown): Promise<void> {
  let failure: { readonly reason: unknown } | undefined;
  // What the stack's own promise is rejected with would end the process.
  await runtime.runInPulumiStack(async () => {
    try {
      await program();
    } catch (reason) {
      failure = { reason };
    }
  });
  await runtime.disconnect();
  // Rejections that nobody handles are told of only then.
  await nextTurn();
  if (failure !== undefined) throw failure.reason;
}
