import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { withLateCertificates } from '../../lib/handler';
import { parseCutover } from '../../lib/postgres';
import { AwsServiceError } from '../../lib/rehearsal/aws-endpoint';
import { definitionIn, machine } from '../aws/cutover/fixture';
import { LocalCloud } from '../endpoints/cloud';
import { pontoon } from './command-line';

// The cutover of a deployed stack, from the definition of its state machine.

const ARN = 'arn:aws:states:eu-central-1:123456789012:stateMachine:Cutover';
const PEM = '-----BEGIN CERTIFICATE-----\nknown at deployment\n-----END CERTIFICATE-----\n';

interface Definition {
  readonly States: {
    readonly Plan: {
      readonly Result: {
        readonly input: { readonly connections: Record<string, Record<string, unknown>> };
        certificates: Record<string, string>;
      };
    };
  };
}

let cloud: LocalCloud;
let definition: unknown;
beforeEach(async () => {
  cloud = await LocalCloud.start();
  const { small } = machine();
  definition = definitionIn(small.stack, Template.fromStack(small.stack).toJSON());
  cloud.endpoint.register(
    {
      DescribeStateMachine: (input) => {
        if ((input as { stateMachineArn: string }).stateMachineArn !== ARN)
          throw new AwsServiceError('StateMachineDoesNotExist', 'no such machine');
        return { stateMachineArn: ARN, definition: JSON.stringify(definition) };
      },
    },
    'AWSStepFunctions',
  );
});
afterEach(() => cloud.stop());

test('is what the function is told, with the certificates that stand beside it', async () => {
  const { Result } = (definition as Definition).States.Plan;
  Object.assign(Result.input.connections.primary ?? {}, { caCertificate: '' });
  Result.certificates = { primary: PEM };
  const { code, stdout, stderr } = await pontoon([
    'status',
    '--print-input',
    '--state-machine',
    ARN,
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const told = parseCutover(withLateCertificates(Result.input, Result.certificates));
  expect(told.connections.primary?.caCertificate).toBe(PEM);
  expect(JSON.parse(stdout)).toEqual(told);
});

test('what is printed can be given as a file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pontoon-cli-'));
  try {
    const { stdout } = await pontoon(['status', '--print-input', '--state-machine', ARN]);
    writeFileSync(join(directory, 'cutover.json'), stdout);
    const again = await pontoon(['status', '--print-input', '--file', 'cutover.json'], {
      directory,
    });
    expect(again).toEqual({ code: 0, stderr: '', stdout });
  } finally {
    await rm(directory, { recursive: true });
  }
});

test.each(['cutover', 'rollback', 'finalize', 'status'])(
  '%s says what keeps it from reading one',
  async (name) => {
    const consent = name === 'status' ? [] : ['--yes'];
    const run = (...args: string[]) => pontoon([name, ...consent, ...args]);
    const refused = (code: number, stderr: string) => ({
      code,
      stdout: '',
      stderr: `pontoon: ${stderr}\n`,
    });
    expect(await run('--state-machine', ARN, '--file', 'cutover.json')).toEqual(
      refused(
        2,
        `'--state-machine' cannot be given together with '--file', got "${ARN}"; see 'pontoon ${name} --help'`,
      ),
    );
    expect(await run('--state-machine', 'Cutover')).toEqual(
      refused(2, "state machine 'Cutover' must be named by its ARN, got another text; correct it"),
    );
    expect(await run('--state-machine', `${ARN}2`)).toEqual(
      refused(
        1,
        `state machine '${ARN}2' must be readable, got StateMachineDoesNotExist: no such machine; allow states:DescribeStateMachine on it, and give credentials of its account`,
      ),
    );
    definition = { StartAt: 'Done', States: { Done: { Type: 'Succeed' } } };
    expect(await run('--state-machine', ARN)).toEqual(
      refused(
        2,
        `state machine '${ARN}' must be one that CutoverStateMachine made, got one without an input in its state 'Plan'; correct the ARN`,
      ),
    );
  },
);
