import { PASSFILE_FILTER } from '../../postgres';
import { isRecord } from '../assembly';
import type { StandIn } from '../servers';
import type { Program, ProgramAnswer } from './programs';

/** What takes the place of jq where it is not installed. */
export const JQ_STAND_IN: StandIn = {
  name: 'jq',
  reason: 'it is not installed; the one filter of the schema copy is played',
  behaviours: [
    'makes the user and a line for a password file of a secret',
    'a secret that lacks a part or holds a line break is refused in the words of the filter',
    'no input makes no output, and what is no JSON is refused without being shown',
    'a filter other than that of the schema copy is refused',
  ],
};

/** Exit statuses of jq. */
const BAD_FILTER = 3;
const BAD_INPUT = 2;
const FILTER_FAILED = 5;

/** Stands in for jq, as far as the schema copy uses it. */
export const jqStandIn: Program = async ({ args: [option, filter, ...rest], input }) => {
  if (option !== '-r' || filter !== PASSFILE_FILTER || rest.length > 0)
    return failed(BAD_FILTER, 'the stand-in knows only the filter of the schema copy; install jq');
  if (input.trim() === '') return { output: '', errors: '', status: 0 };
  const [secret] = parsed(input);
  if (secret === undefined) return failed(BAD_INPUT, 'the input is not JSON');
  return passfile(secret);
};

function passfile(secret: unknown): ProgramAnswer {
  if (secret !== null && !isRecord(secret))
    return failed(FILTER_FAILED, 'the secret is not an object');
  const { username, password } = secret ?? {};
  if (!isFilled(username) || !isFilled(password))
    return failed(FILTER_FAILED, 'the secret lacks a username or a password');
  if (/[\r\n]/.test(username + password))
    return failed(FILTER_FAILED, 'the username or the password contains a line break');
  const escaped = password.replace(/[\\:]/g, '\\$&');
  return { output: `# ${username}\n*:*:*:*:${escaped}\n`, errors: '', status: 0 };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** The value of a JSON text, if it is one. */
function parsed(text: string): [unknown?] {
  try {
    return [JSON.parse(text)];
  } catch {
    // What the parser says would show a part of the secret.
    return [];
  }
}

function failed(status: number, what: string): ProgramAnswer {
  return { output: '', errors: `jq: error: ${what}\n`, status };
}
