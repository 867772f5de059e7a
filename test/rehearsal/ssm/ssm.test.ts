import { SsmStandIn } from '../../../lib/rehearsal/ssm';
import { startTestServer, type TestServer } from '../../servers';

let source: TestServer;
let ssm: SsmStandIn;

beforeAll(async () => {
  source = await startTestServer({ name: 'standby' });
  ssm = new SsmStandIn({
    workspace: source.workspace,
    secret: (reference) => (reference === 'known' ? 'the text' : undefined),
    instance: (key, value) => (`${key}=${value}` === 'tag:is=here' ? source.server : undefined),
  });
});

afterAll(async () => {
  await ssm.close();
  await source.stop();
});

/** Has a document with `lines` as its script exist. */
function document(lines: readonly string[], timeoutSeconds = '60'): void {
  ssm.add('document', {
    schemaVersion: '2.2',
    parameters: { word: { type: 'String', allowedPattern: '^[a-z]+$' } },
    mainSteps: [
      { action: 'aws:runShellScript', name: 'run', inputs: { timeoutSeconds, runCommand: lines } },
    ],
  });
}

async function call(operation: string, input: unknown): Promise<Record<string, unknown>> {
  return (await ssm.operations()[`AmazonSSM.${operation}`]?.(input)) as Record<string, unknown>;
}

async function send(value = 'here', parameters: unknown = { word: ['w'] }): Promise<string> {
  const { Command } = await call('SendCommand', {
    DocumentName: 'document',
    Targets: [{ Key: 'tag:is', Values: [value] }],
    Parameters: parameters,
  });
  return (Command as { readonly CommandId: string }).CommandId;
}

/** How a command ended: its status, output and errors. */
async function end(CommandId: string): Promise<readonly unknown[]> {
  for (;;) {
    const answer = await call('GetCommandInvocation', { CommandId, InstanceId: 'i-standby' });
    if (answer.Status !== 'InProgress')
      return [answer.Status, answer.StandardOutputContent, answer.StandardErrorContent];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('runs the very script of the document, with its parameters filled in', async () => {
  document([
    '#!/bin/bash',
    "said='{{ word }}'",
    'read -ra words <<<"$said {{word}}"',
    'echo "${words[1]}" ${#words[@]}',
  ]);
  expect(await end(await send('here', { word: ['hello'] }))).toEqual(['Success', 'hello 2\n', '']);
});

test('refuses parameters that are unknown, missing or do not match their pattern', async () => {
  document(['echo {{ word }}']);
  const mismatch = new Error('Parameter "word" does not match its pattern ^[a-z]+$');
  await expect(send('here', { word: ['w; rm'] })).rejects.toThrow(mismatch);
  await expect(send('here', {})).rejects.toThrow(mismatch);
  await expect(send('here', { word: ['w'], other: ['x'] })).rejects.toThrow(
    new Error('Parameter "other" is not in the document'),
  );
  const unknown = { DocumentName: 'another', Targets: [], Parameters: {} };
  await expect(call('SendCommand', unknown)).rejects.toThrow(
    new Error('the document does not exist'),
  );
});

test('a command whose target has no instance has no invocation', async () => {
  document(['exit 0']);
  const CommandId = await send('elsewhere');
  expect(await call('ListCommandInvocations', { CommandId })).toEqual({ CommandInvocations: [] });
  await expect(
    call('GetCommandInvocation', { CommandId, InstanceId: 'i-standby' }),
  ).rejects.toThrow(new Error('the command did not run there'));
  await expect(call('ListCommandInvocations', { CommandId: 'none' })).rejects.toThrow(
    new Error('the command does not exist'),
  );
});

test('keeps the beginning of what a command wrote, and says how it ended', async () => {
  const many = (mark: string) => `for i in {1..5000}; do printf '%s' ${mark}$((i + 10000)); done`;
  document([many('o'), `{ ${many('e')}; } >&2`, 'exit 3']);
  const [status, output, errors] = await end(await send());
  const wanted = (mark: string) =>
    Array.from({ length: 5000 }, (_, index) => `${mark}${index + 10001}`).join('');
  expect(status).toBe('Failed');
  expect(output).toBe(wanted('o').slice(0, 24_000));
  expect(errors).toBe(wanted('e').slice(0, 8_000));
  document(['exit 3']);
  const failed = ['Failed', '', 'failed to run commands: exit status 3'];
  expect(await end(await send())).toEqual(failed);
});

test('stops a command that is cancelled or takes longer than its document allows', async () => {
  document(['trap "echo tidied" EXIT', 'echo started', 'sleep 600']);
  const atOnce = await send();
  await call('CancelCommand', { CommandId: atOnce });
  expect((await end(atOnce))[0]).toBe('Cancelled');
  const stopped = 'failed to run commands: exit status 143';
  document(['echo started', 'sleep 600'], '4');
  expect(await end(await send())).toEqual(['TimedOut', 'started\n', stopped]);
});

test('has the AWS CLI on its hosts, which fetches the text of a secret and refuses any other call', async () => {
  const fetch = (name: string) =>
    `aws secretsmanager get-secret-value --secret-id ${name} --query SecretString --output text`;
  document([fetch('known')]);
  expect(await end(await send())).toEqual(['Success', 'the text\n', '']);
  document([fetch('unknown')]);
  expect(await end(await send())).toEqual([
    'Failed',
    '',
    "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the specified secret.\nfailed to run commands: exit status 254",
  ]);
  document(['aws s3 ls']);
  expect(await end(await send())).toEqual([
    'Failed',
    '',
    "aws: the stand-in knows only 'secretsmanager get-secret-value --secret-id --query SecretString --output text'\nfailed to run commands: exit status 252",
  ]);
});

test('has runuser on its hosts, which runs a program as the account of the rehearsal', async () => {
  document([`runuser -u postgres -- sh -c 'id -u; echo "$0"' "two words"`]);
  const account = process.getuid?.();
  expect(await end(await send())).toEqual(['Success', `${account}\ntwo words\n`, '']);
});
