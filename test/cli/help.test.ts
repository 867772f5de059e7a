import { version } from '../../package.json';
import { pontoon } from './command-line';

const COMMANDS = [
  'rehearse',
  'preflight',
  'apply',
  'drop',
  'verify',
  'status',
  'cutover',
  'rollback',
  'finalize',
  'promote',
  'runbook',
  'diagram',
];

test('without a command, says which there are', async () => {
  expect(await pontoon([])).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: a command must be one of ${COMMANDS.join(', ')}, got nothing; see 'pontoon --help'\n`,
  });
});

test('prints its version', async () => {
  expect(await pontoon(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('prints an overview', async () => {
  const { code, stdout, stderr } = await pontoon(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatchSnapshot();
});

test.each(COMMANDS)('prints the help of %s', async (command) => {
  const { code, stdout, stderr } = await pontoon([command, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatchSnapshot();
  expect(stdout.split('\n').filter((line) => line.length > 100)).toEqual([]);
});
