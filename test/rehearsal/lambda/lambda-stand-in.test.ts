import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stackIdentity } from '../../../lib/rehearsal/assembly';
import type { ResourceRequest } from '../../../lib/rehearsal/cloudformation';
import { type LambdaOptions, LambdaStandIn } from '../../../lib/rehearsal/lambda';

const stack = stackIdentity('App', '123456789012', 'eu-central-1');
const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:App-Fn';
let functions: LambdaStandIn;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-test-'));
});

afterEach(async () => {
  await functions.close();
  rmSync(directory, { recursive: true, force: true });
});

function requestFor(properties: object, assets: ResourceRequest['assets'] = []): ResourceRequest {
  return {
    stack,
    logicalId: 'Fn',
    type: 'AWS::Lambda::Function',
    properties: { Runtime: 'nodejs22.x', Handler: 'index.handler', ...properties },
    assets,
  };
}

async function make(code: string, properties: object = {}, options: LambdaOptions = {}) {
  functions = new LambdaStandIn(options);
  // AWS's default of 3 seconds may pass here before a process has begun.
  const request = requestFor({ Code: { ZipFile: code }, Timeout: 60, ...properties });
  return functions.players['AWS::Lambda::Function']?.create(request);
}

test('a function has the environment of the template and of Lambda, and nothing else', async () => {
  const outcome = await make(
    'exports.handler = async () => process.env',
    {
      Environment: { Variables: { LEVEL: 'info', COUNT: 3 } },
      MemorySize: 256,
    },
    { endpointUrl: 'http://127.0.0.1:1' },
  );
  expect(outcome).toEqual({ physicalId: 'App-Fn', attributes: { Arn: ARN } });
  const { payload } = await functions.invoke(ARN, {});
  expect(payload).toEqual({
    LEVEL: 'info',
    COUNT: '3',
    AWS_ACCESS_KEY_ID: 'STANDINACCESSKEY',
    AWS_DEFAULT_REGION: 'eu-central-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_FUNCTION_NAME: 'App-Fn',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/App-Fn',
    AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^stand-in\/\[\$LATEST\][0-9a-f]{32}$/),
    AWS_REGION: 'eu-central-1',
    AWS_SECRET_ACCESS_KEY: 'stand-in',
    AWS_SESSION_TOKEN: 'stand-in',
    LAMBDA_TASK_ROOT: expect.stringContaining('pontoon-lambda-'),
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
  });
});

test('the context names the function and the time that remains', async () => {
  await make(
    'exports.handler = async (event, context) => ({ event, context, left: context.getRemainingTimeInMillis() })',
    { Timeout: 7 },
  );
  const { payload } = await functions.invoke(ARN, { a: 1 });
  expect(payload).toEqual({
    event: { a: 1 },
    context: {
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      callbackWaitsForEmptyEventLoop: true,
      functionName: 'App-Fn',
      functionVersion: '$LATEST',
      invokedFunctionArn: ARN,
      logGroupName: '/aws/lambda/App-Fn',
      logStreamName: expect.any(String),
      memoryLimitInMB: '128',
    },
    left: expect.any(Number),
  });
  const { left } = payload as { left: number };
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThanOrEqual(7000);
});

test('a warm process is reused, events at once get processes of their own, a killed one is replaced', async () => {
  await make(`
    let calls = 0;
    exports.handler = async ({ wait }) => {
      if (wait) await new Promise((resolve) => setTimeout(resolve, 200));
      return [process.pid, ++calls];
    }`);
  const first = await functions.invoke(ARN, {});
  const second = await functions.invoke(ARN, {});
  const [pid] = first.payload as [number, number];
  expect([first.cold, second.cold, second.payload]).toEqual([true, false, [pid, 2]]);
  const together = await Promise.all([
    functions.invoke(ARN, { wait: true }),
    functions.invoke(ARN, { wait: true }),
  ]);
  expect(new Set(together.map(({ payload }) => (payload as [number])[0])).size).toBe(2);
  await functions.kill(ARN);
  const after = await functions.invoke(ARN, {});
  expect([after.cold, (after.payload as [number, number])[1]]).toEqual([true, 1]);
});

test('a process that is killed while it runs ends the invocation with an error', async () => {
  await make(
    'exports.handler = async () => { console.log("here"); await new Promise(() => setInterval(() => {}, 1000)); }',
  );
  const running = functions.invoke(ARN, {});
  while (functions.logs.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await functions.kill(ARN);
  expect((await running).error).toBe('Runtime exited with error: SIGKILL');
});

test('what is written is there when the invocation ended, each line with its request', async () => {
  await make(`exports.handler = async ({ name }) => {
    console.log('{"_aws":' + JSON.stringify(name) + '}');
    console.error('warned');
    process.stdout.write('no end');
  }`);
  for (const name of ['one', 'two']) await functions.invoke(ARN, { name });
  const of = (stream: string) => functions.logs.filter((line) => line.stream === stream);
  expect(of('stdout').map(({ line }) => line)).toEqual([
    '{"_aws":"one"}',
    'no end',
    '{"_aws":"two"}',
    'no end',
  ]);
  expect(of('stderr').map(({ line }) => line)).toEqual(['warned', 'warned']);
  expect(new Set(functions.logs.map(({ requestId }) => requestId)).size).toBe(2);
  expect(functions.logs[0]?.functionName).toBe('App-Fn');
});

test('the limits of time and memory hold', async () => {
  await make(
    `exports.handler = async ({ eat }) => {
      const kept = [];
      while (eat) kept.push(new Array(1e5).fill(kept.length).map(String));
      await new Promise(() => setInterval(() => {}, 1000));
    }`,
    { Timeout: 1 },
  );
  const late = await functions.invoke(ARN, {});
  expect([late.error, late.payload]).toEqual(['Task timed out after 1.00 seconds', undefined]);
  await functions.close();
  await make(
    `exports.handler = async () => { const kept = []; for (;;) kept.push(new Array(1e5).fill(kept.length).map(String)); }`,
  );
  expect((await functions.invoke(ARN, {})).error).toBe('Runtime exited with error: SIGABRT');
});

test.each<[string, string, string]>([
  [
    'throws',
    'exports.handler = async () => { throw new TypeError("bad input"); }',
    'TypeError: bad input',
  ],
  [
    'exits',
    'exports.handler = async () => process.exit(3)',
    'Runtime exited with error: exit status 3',
  ],
  [
    'lacks its handler',
    'exports.other = 1',
    'Error: handler "index.handler" must be an exported function, got undefined',
  ],
  [
    'needs what the bundle lacks',
    'exports.handler = async () => { try { require("pg"); } catch (error) { throw new Error(error.code); } }',
    'Error: MODULE_NOT_FOUND',
  ],
  [
    'needs a client that is not installed',
    'exports.handler = async () => require("@aws-sdk/client-not-there")',
    'Error: package "@aws-sdk/client-not-there" must be installed, since the function takes it from the Lambda runtime, got none; run: npm install --save-dev @aws-sdk/client-not-there',
  ],
])('a function that %s', async (_name, code, error) => {
  await make(code);
  const result = await functions.invoke(ARN, {});
  expect(result.error?.split('\n')[0]).toBe(error);
});

test('the AWS SDK is found wherever it is installed, by require and by import', async () => {
  await make(
    `exports.handler = async () => [
    typeof require('@aws-sdk/client-ssm').SSMClient,
    typeof (await import('@aws-sdk/client-secrets-manager')).SecretsManagerClient,
  ]`,
  );
  expect(await functions.invoke(ARN, {})).toMatchObject({
    error: undefined,
    payload: ['function', 'function'],
  });
  await functions.close();
  await make(
    'exports.handler = async () => require("@aws-sdk/client-ssm")',
    {},
    { sdkFrom: [directory] },
  );
  expect((await functions.invoke(ARN, {})).error?.split('\n')[0]).toBe(
    'Error: package "@aws-sdk/client-ssm" must be installed, since the function takes it from the Lambda runtime, got none; run: npm install --save-dev @aws-sdk/client-ssm',
  );
});

test('an asset is run, an ES module too, and an update runs the new code', async () => {
  functions = new LambdaStandIn();
  const player = functions.players['AWS::Lambda::Function'];
  const code = (name: string, file: string, text: string) => {
    const path = mkdtempSync(join(directory, 'code-'));
    writeFileSync(join(path, file), text);
    return {
      path,
      packaging: 'zip' as const,
      bucketName: 'assets-${AWS::AccountId}',
      objectKey: name,
    };
  };
  const assets = [
    code('one.zip', 'index.js', 'exports.handler = async () => "one"'),
    code('two.zip', 'index.mjs', 'export const handler = async () => "two"'),
  ];
  const place = (key: string) => ({ Code: { S3Bucket: 'assets-123456789012', S3Key: key } });
  const first = await player?.create(requestFor(place('one.zip'), assets));
  expect((await functions.invoke(ARN, {})).payload).toBe('one');
  if (first !== undefined) await player?.update?.(requestFor(place('two.zip'), assets), first);
  expect((await functions.invoke(ARN, {})).payload).toBe('two');
  await player?.delete?.(requestFor(place('two.zip'), assets), {
    physicalId: 'App-Fn',
    attributes: { Arn: ARN },
  });
  await expect(functions.invoke(ARN, {})).rejects.toThrow(
    `function "${ARN}" must be made by a stack before it is invoked, got no functions`,
  );
  await expect(player?.create(requestFor(place('three.zip'), assets))).rejects.toThrow(
    `function "Fn": asset "s3://assets-123456789012/three.zip" must be in the cloud assembly's asset manifests, got none with that place; synthesize again with the default synthesizer`,
  );
});

test('what cannot run here is refused, all at once', async () => {
  functions = new LambdaStandIn();
  const request = requestFor({
    Runtime: 'python3.13',
    Handler: 'index',
    Code: { ImageUri: 'x' },
    Layers: ['arn:layer'],
  });
  await expect(functions.players['AWS::Lambda::Function']?.create(request)).rejects.toThrow(
    `function "Fn" has 4 problems:
- 'Runtime' must be a Node.js runtime to run here, got "python3.13"; give a player for the function
- 'Handler' must be 'file.export', got a string
- 'Layers' cannot be used here, got some; ship what they hold in the function's code
- 'Code' must be an asset (S3Bucket and S3Key) or inline (ZipFile), got ImageUri; images cannot run here`,
  );
});
