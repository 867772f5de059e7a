import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEndpoint } from '../../lib/endpoints';
import { type EndpointSpec, parseEndpoint } from '../../lib/postgres';

let directory: string;
let state: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pontoon-command-'));
  state = join(directory, 'state; rm -rf $HOME');
  await writeFile(state, 'blue\n');
});
afterEach(() => rm(directory, { recursive: true }));

/** Node.js with a program of its own: the arguments come after it, as they are. */
const node = (program: string, ...args: readonly string[]) => [
  process.execPath,
  '-e',
  `const fs = require('node:fs'); const [file, side] = process.argv.slice(1); ${program}`,
  ...args,
];

function endpointOf(options: { activate?: string[]; active?: string[] } = {}): EndpointSpec {
  return parseEndpoint({
    kind: 'command',
    activate:
      options.activate ??
      node(
        "if (side.split('=')[1] !== process.env.PONTOON_SIDE) process.exit(9); fs.writeFileSync(file, process.env.PONTOON_SIDE)",
        state,
        'side={side}',
      ),
    active: options.active ?? ['cat', state],
    sides: { onPremises: 'blue', aurora: 'green$(id)' },
  });
}

const named = `the endpoint of command '${process.execPath}'`;

test('a command switches there and back, and no shell reads its arguments', async () => {
  const endpoint = openEndpoint(endpointOf());
  expect(await endpoint.active()).toBe('onPremises');
  await endpoint.activate('aurora');
  expect(await readFile(state, 'utf8')).toBe('green$(id)');
  expect(await endpoint.active()).toBe('aurora');
  await endpoint.activate('aurora');
  await endpoint.activate('onPremises');
  expect(await endpoint.active()).toBe('onPremises');
});

test('a side that comes later is waited for', async () => {
  const later = node(
    "setTimeout(() => fs.writeFileSync(file, side), 300).ref(); require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => require(\"node:fs\").writeFileSync(process.argv[1], process.argv[2]), 300)', file, side], { detached: true, stdio: 'ignore' }).unref(); process.exit(0)",
    state,
    '{side}',
  );
  await openEndpoint(endpointOf({ activate: later })).activate('aurora');
  expect(await readFile(state, 'utf8')).toBe('green$(id)');
});

test('what is neither side is not changed', async () => {
  await writeFile(state, 'red');
  const message = `${named} must lead to 'blue' (onPremises) or 'green$(id)' (aurora), got 'red'; nothing was changed: set it to one of the two, or correct 'sides'`;
  await expect(openEndpoint(endpointOf()).activate('aurora')).rejects.toMatchObject({
    code: 'ENDPOINT_UNKNOWN_SIDE',
    message,
  });
  await writeFile(state, '');
  await expect(openEndpoint(endpointOf()).active()).rejects.toThrow('got nothing printed; nothing');
  expect(await readFile(state, 'utf8')).toBe('');
});

test('a command that fails is told by its exit code and what it said, without its arguments', async () => {
  const activate = node("console.error('no such pool'); process.exit(3)", 'token=hunter2');
  await expect(openEndpoint(endpointOf({ activate })).activate('aurora')).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message: `${named} must lead to 'aurora', got exit code 3 of '${process.execPath}', which said 'no such pool'; run it by hand to see what it needs`,
  });
  await expect(
    openEndpoint(endpointOf({ active: ['/nowhere/lb', 'which'] })).active(),
  ).rejects.toMatchObject({
    code: 'ENDPOINT_UNAVAILABLE',
    message: `${named} must be readable and changeable, got ENOENT of '/nowhere/lb'; run it by hand to see what it needs`,
  });
});

test('a command that does not end is killed', async () => {
  const activate = node("process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)");
  await expect(
    openEndpoint(endpointOf({ activate }), { timeoutSeconds: 5 }).activate('aurora'),
  ).rejects.toThrow(
    `${named} must lead to 'aurora', got no end of '${process.execPath}' within 5 s; run it by hand to see what it needs`,
  );
});

test('a command that switches nothing is told', async () => {
  const activate = node('0');
  await expect(
    openEndpoint(endpointOf({ activate }), { timeoutSeconds: 5 }).activate('aurora'),
  ).rejects.toThrow(
    `${named} must lead to 'aurora', got 'blue' after 5 s; let 'activate' switch what 'active' prints`,
  );
});

test('the caller ends a command', async () => {
  const activate = node('setInterval(() => {}, 1000)');
  const reason = new Error('the budget is spent');
  const controller = new AbortController();
  const activation = openEndpoint(endpointOf({ activate })).activate('aurora', controller);
  setTimeout(() => controller.abort(reason), 100);
  await expect(activation).rejects.toBe(reason);
});
