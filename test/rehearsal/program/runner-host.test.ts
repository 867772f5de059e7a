import { AddressBook } from '../../../lib/rehearsal/cloud/addresses';
import { DatabaseCommands } from '../../../lib/rehearsal/program/database-commands';
import type { RegisteredDeployment } from '../../../lib/rehearsal/program/deployment';
import { RunnerHost } from '../../../lib/rehearsal/program/runner-host';
import { Recorder } from '../../../lib/rehearsal/recorder';
import { Workspace } from '../../../lib/rehearsal/servers';
import { registered } from './registered';

let workspace: Workspace;
let host: RunnerHost;

beforeAll(async () => {
  workspace = await Workspace.open();
  const directory = await workspace.makeDirectory('runner');
  host = await RunnerHost.make(workspace, directory, { OCI_CLI_AUTH: 'api_key' });
});
afterAll(() => workspace.dispose());

function command(name: string, after: readonly string[], create = 'cat >> "$PWD/log"') {
  return registered({
    type: 'command:remote:Command',
    name,
    dependencies: after,
    inputs: {
      create,
      delete: 'sed "s/^/drop /" >> "$PWD/log"',
      stdin: `{"spec":{"kind":"${name}"}}`,
    },
  });
}

function commands(...resources: ReturnType<typeof registered>[]) {
  const recorder = new Recorder(() => undefined);
  const said: string[] = [];
  const made = new DatabaseCommands({ resources } as unknown as RegisteredDeployment, {
    host,
    addresses: new AddressBook(),
    recorder,
    onSaid: (text) => said.push(text),
  });
  return { made, recorder, said };
}

async function log(): Promise<readonly string[]> {
  const { output } = await host.run('cat log; rm log', '');
  return [...output.matchAll(/(drop )?\{"spec":\{"kind":"([^"]+)"\}\}/g)].map(
    ([, drop = '', kind]) => `${drop}${kind}`,
  );
}

test('the commands and what they read are those that the program registered, in the order of their dependencies', async () => {
  const { made, recorder } = commands(
    command('a', ['b']),
    command('b', ['c']),
    command('c', []),
    registered({ type: 'command:remote:Command', name: 'other', inputs: { create: 'exit 1' } }),
  );
  expect(made.count).toBe(3);
  await made.create();
  expect(await log()).toEqual(['c', 'b', 'a']);
  expect(recorder.steps.map(({ logicalId, type, status }) => [logicalId, type, status])).toEqual([
    ['c', 'c', 'done'],
    ['b', 'b', 'done'],
    ['a', 'a', 'done'],
  ]);
});

test('deletions run in the opposite order', async () => {
  const { made } = commands(command('a', ['b']), command('b', []));
  await made.create();
  expect(await made.remove()).toEqual([]);
  expect(await log()).toEqual(['b', 'a', 'drop a', 'drop b']);
});

test('a command that fails ends the deployment, with what it said', async () => {
  const failing = 'echo "no such server" >&2; exit 1';
  const { made, recorder, said } = commands(
    command('a', ['b']),
    command('b', ['c'], failing),
    command('c', []),
  );
  await expect(made.create()).rejects.toThrow(
    "command 'b' must create its object, got exit code 1: no such server",
  );
  expect(
    recorder.steps.map(({ logicalId, status, detail }) => [logicalId, status, detail]),
  ).toEqual([
    ['c', 'done', undefined],
    ['b', 'failed', 'no such server'],
  ]);
  expect(said.at(-1)).toContain('no such server');
  // What was begun is taken away too.
  await made.remove();
  expect(await log()).toEqual(['c', 'drop b', 'drop c']);
});

test('the program is found wherever it is on the real host, and asks the OCI of the rehearsal', async () => {
  for (const program of ['pontoon', '/opt/pontoon/bin/pontoon', "'/opt/pontoon/bin/pontoon'"]) {
    const { status, output } = await host.run(
      `OCI_CLI_AUTH=instance_principal ${program} --version`,
      '',
    );
    expect({ status, output }).toEqual({
      status: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
  }
});
