import { spawnSync } from 'node:child_process';
import { PASSFILE_FILTER } from '../../../lib/postgres';
import { jqStandIn } from '../../../lib/rehearsal/ssm/jq';

const ARGS = ['-r', PASSFILE_FILTER];
const hasJq = spawnSync('jq', ['--version']).status === 0;

/** What the stand-in answers; where jq is installed, it must succeed or fail alike and write the same. */
async function answer(input: string, args = ARGS) {
  const got = await jqStandIn({ args, env: {}, input });
  if (hasJq && args === ARGS) {
    const { status, stdout } = spawnSync('jq', args, { input, encoding: 'utf8' });
    // Releases of jq differ in how they number failures.
    expect([got.status === 0, got.output]).toEqual([status === 0, stdout]);
  }
  return got;
}

const secret = (username: unknown, password: unknown): string =>
  `${JSON.stringify({ username, password, engine: 'postgres' })}\n`;

test('makes the user and a line for a password file of a secret', async () => {
  const characters = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));
  for (const [password, line] of [
    ['plain', 'plain'],
    ['a:b\\c', 'a\\:b\\\\c'],
    ['\\:\\:', '\\\\\\:\\\\\\:'],
    ['ünï😀\t$&', 'ünï😀\t$&'],
    [characters.join(''), characters.join('').replace(':', '\\:').replace('\\]', '\\\\]')],
  ] as const) {
    const expected = { output: `# ad"min\n*:*:*:*:${line}\n`, errors: '', status: 0 };
    expect(await answer(secret('ad"min', password))).toEqual(expected);
  }
});

test('a secret that lacks a part or holds a line break is refused in the words of the filter', async () => {
  const lacks = 'jq: error: the secret lacks a username or a password\n';
  for (const input of ['null', '{}', secret('', 'x'), secret('x', 7), secret('x', null)])
    expect(await answer(input)).toEqual({ output: '', errors: lacks, status: 5 });
  const broken = 'jq: error: the username or the password contains a line break\n';
  for (const input of [secret('a\nb', 'x'), secret('x', 'a\rb'), secret('x', 'b\n')])
    expect(await answer(input)).toEqual({ output: '', errors: broken, status: 5 });
  for (const input of ['7', '"text"', '[]', 'true'])
    expect(await answer(input)).toEqual({
      output: '',
      errors: 'jq: error: the secret is not an object\n',
      status: 5,
    });
});

test('no input makes no output, and what is no JSON is refused without being shown', async () => {
  expect(await answer('')).toEqual({ output: '', errors: '', status: 0 });
  expect(await answer('hidden password')).toEqual({
    output: '',
    errors: 'jq: error: the input is not JSON\n',
    status: 2,
  });
});

test('a filter other than that of the schema copy is refused', async () => {
  for (const args of [['-r', '.password'], ['.'], [], [...ARGS, 'file'], [PASSFILE_FILTER]])
    expect(await answer(secret('x', 'y'), args)).toEqual({
      output: '',
      errors: 'jq: error: the stand-in knows only the filter of the schema copy; install jq\n',
      status: 3,
    });
});
