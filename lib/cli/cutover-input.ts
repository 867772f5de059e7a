import { hostname, userInfo } from 'node:os';
import { deployedCutover } from '../endpoints';
import { withLateCertificates } from '../handler';
import {
  type CutoverInput,
  type CutoverPlan,
  PontoonError,
  parseCutover,
  rollbackOf,
} from '../postgres';
import type { Arguments } from './arguments';
import { withCertificates } from './connections';
import type { Io } from './io';
import type { Option } from './option';
import { exampleLines, readJsonFile, readStdin } from './read-json';
import { asUsage, UsageError } from './usage-error';

/** The option that says where the cutover is described. */
export const INPUT_OPTIONS: Readonly<Record<string, Option>> = {
  file: {
    value: 'FILE',
    description: 'the cutover as JSON, of which nobody can be asked if it comes from stdin',
    otherwise: 'stdin',
  },
  'state-machine': {
    value: 'ARN',
    description: 'the cutover as this deployed state machine tells its function, in place of FILE',
  },
};

/** The options of commands that change who writes. */
export const OWNER_OPTIONS: Readonly<Record<string, Option>> = {
  yes: { description: 'do not ask before a point of no return' },
  owner: {
    value: 'NAME',
    description: 'who does it; the same owner goes on with what was cut off',
    otherwise: 'you, at this machine',
  },
  'take-over': { description: 'go on with what another owner left behind' },
};

const EXAMPLE: readonly string[] = [
  '{ "plan": {',
  '    "migration": "shop", "from": "onPremises", "to": "aurora",',
  '    "selection": { "schemas": ["shop"] },',
  '    "forward": [{ "kind": "native", "decoder": "standby", "slotName": "pontoon",',
  '                  "subscription": "pontoon", "publication": "pontoon" }],',
  '    "reverse": [{ "kind": "native", "decoder": "aurora", "slotName": "pontoon_reverse",',
  '                  "subscription": "pontoon_reverse", "publication": "pontoon_reverse",',
  '                  "publisher": { … } }],',
  '    "keep": { "onPremises": ["pontoon_reader"], "aurora": ["pontoon_reverse"] } },',
  '  "connections": { "onPremises": { … }, "standby": { … }, "aurora": { … } },',
  '  "endpoint": { "kind": "command", … } }',
];

/** What a user must know of the input of `command`. */
export const cutoverDescription = (command: string): readonly string[] => [
  'Reads JSON from stdin or --file: {"plan": …, "connections": …, "endpoint": …, "taskArn": …}, what',
  'the state machine of a deployment takes too: --state-machine reads it from there, with your',
  'credentials of AWS and @aws-sdk/client-sfn. Connections are as for `pontoon apply`; a secret is',
  'env:PREFIX, file:/path, or an ARN of AWS Secrets Manager. Without an endpoint, somebody else',
  'switches clients; taskArn names the AWS DMS task, if a way is run by one.',
  '',
  'Example:',
  ...exampleLines(command, EXAMPLE),
];

/** Reads the cutover that `--file`, `--state-machine` or stdin describes. Throws a UsageError for what was given. */
export async function readCutover(
  command: string,
  options: Arguments,
  io: Io,
): Promise<CutoverInput> {
  const [file, machine] = [options.text('file'), options.text('state-machine')];
  if (machine !== undefined) {
    if (file !== undefined)
      throw options.wrong('state-machine', "cannot be given together with '--file'", machine);
    const { input, certificates } = await deployedCutover(machine).catch(refuseUnknown);
    return parseCutover(withLateCertificates(input, certificates));
  }
  const { value, directory } =
    file === undefined
      ? await readStdin(io, { command, example: EXAMPLE })
      : readJsonFile(io, file, 'file');
  return asUsage(() => parseCutover(withCertificates(value, directory)));
}

/** A machine that is none of a cutover was named by mistake, which no other try mends. */
function refuseUnknown(error: unknown): never {
  if (error instanceof PontoonError && error.code === 'STATE_MACHINE_UNKNOWN')
    throw new UsageError(error.message, { cause: error });
  throw error;
}

/** The same cutover in the other direction. */
export function backwards(input: CutoverInput): CutoverInput & { readonly plan: CutoverPlan } {
  const plan = rollbackOf(input.plan);
  if (plan !== undefined) return { ...input, plan };
  throw new PontoonError(
    'NO_WAY_BACK',
    `'plan.reverse' must be given for a rollback, got nothing: this migration was declared to have no way back; migrate in the other direction`,
  );
}

/** Who does it: as told, otherwise this user at this machine. */
export function ownerOf(options: Arguments): string {
  return options.text('owner') ?? `${userInfo().username}@${hostname()}`;
}

/** Refuses, before anything is looked at, where somebody would have to be asked and nobody can. */
export function requireConsent(command: string, options: Arguments, io: Io): void {
  if (options.flag('yes')) return;
  const named = options.text('file') ?? options.text('state-machine');
  if (io.stdin.isTTY === true && named !== undefined) return;
  const got =
    io.stdin.isTTY === true ? 'the cutover itself from the terminal' : 'no terminal to ask at';
  const inputs = command === 'promote' ? "a '--file'" : "a '--file' or a '--state-machine'";
  throw new UsageError(
    `'--yes' must be given where nobody can be asked, got ${got}; name ${inputs} at a terminal, or say --yes once you know what 'pontoon ${command} --help' says`,
  );
}
