import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  CfnOutput,
  CustomResource,
  Duration,
  aws_lambda as lambda,
  NestedStack,
  Stack,
  Stage,
  aws_secretsmanager as secretsmanager,
} from 'aws-cdk-lib';
import { readCloudAssembly } from '../../../lib/rehearsal/assembly';
import {
  AwsEndpointStandIn,
  SecretStore,
  secretPlayers,
} from '../../../lib/rehearsal/aws-endpoint';
import { CloudFormationStandIn } from '../../../lib/rehearsal/cloudformation';
import { LambdaStandIn } from '../../../lib/rehearsal/lambda';

const HANDLER = `
const { SecretsManagerClient, GetSecretValueCommand } = require('@aws-sdk/client-secrets-manager');
exports.handler = async (event, context) => {
  console.log(event.RequestType + ' ' + event.LogicalResourceId);
  const properties = event.ResourceProperties;
  const secret = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: properties.secretArn }),
  );
  const { username, password } = JSON.parse(secret.SecretString);
  const body = JSON.stringify({
    Status: 'SUCCESS',
    PhysicalResourceId: 'object/' + properties.name,
    StackId: event.StackId, RequestId: event.RequestId, LogicalResourceId: event.LogicalResourceId,
    Data: { summary: [username, password.length, typeof properties.count, typeof properties.flag,
      process.env.GREETING, context.functionName].join(' ') },
  });
  await fetch(event.ResponseURL, { method: 'PUT', headers: { 'content-type': '' }, body });
};`;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pontoon-synth-'));
});

afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

function synthesize(greeting: string): string {
  const code = mkdtempSync(join(directory, 'code-'));
  writeFileSync(join(code, 'index.js'), HANDLER);
  const app = new App({ outdir: mkdtempSync(join(directory, 'out-')) });
  const stage = new Stage(app, 'Prod');
  const network = new Stack(stage, 'Network');
  const provider = new lambda.Function(network, 'Provider', {
    runtime: lambda.Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: lambda.Code.fromAsset(code),
    timeout: Duration.seconds(20),
    environment: { GREETING: greeting },
  });
  const secret = new secretsmanager.Secret(network, 'Secret', {
    generateSecretString: {
      secretStringTemplate: JSON.stringify({ username: 'replicator' }),
      generateStringKey: 'password',
      passwordLength: 40,
    },
  });
  const database = new Stack(stage, 'Database');
  const nested = new NestedStack(database, 'Nested');
  const object = new CustomResource(nested, 'Object', {
    serviceToken: provider.functionArn,
    serviceTimeout: Duration.seconds(30),
    resourceType: 'Custom::PontoonTest',
    properties: { name: 'orders', count: 3, flag: true, secretArn: secret.secretArn, greeting },
  });
  new CfnOutput(database, 'Summary', { value: object.getAttString('summary') });
  return app.synth().directory;
}

test('stacks of a stage, with exports, a nested stack and a shipped handler, are played', async () => {
  const store = new SecretStore();
  const endpoint = await AwsEndpointStandIn.start(store.operations());
  const functions = new LambdaStandIn({ endpointUrl: endpoint.url });
  const cloudformation = await CloudFormationStandIn.start({
    invoke: async (token, event) => {
      const { error } = await functions.invoke(token, event);
      return error === undefined ? {} : { error };
    },
    players: { ...functions.players, ...secretPlayers(store) },
    attributes: (logicalId, type, attribute) =>
      type === 'AWS::IAM::Role' && attribute === 'Arn' ? `arn:role/${logicalId}` : undefined,
  });
  try {
    const assembly = readCloudAssembly(synthesize('hello'));
    expect(assembly.stacks.map((stack) => stack.stackName)).toEqual([
      'Prod-Network',
      'Prod-Database',
    ]);
    const results = [];
    for (const stack of assembly.stacks) {
      results.push(await cloudformation.deploy(assembly, stack.stackName));
    }
    expect(results.map(({ status, reason }) => [status, reason])).toEqual([
      ['CREATE_COMPLETE', undefined],
      ['CREATE_COMPLETE', undefined],
    ]);
    expect(results[0]?.notPlayed).toEqual({ 'AWS::IAM::Role': ['ProviderServiceRoleC1279BE2'] });
    expect(results[1]?.outputs).toEqual({
      Summary: 'replicator 40 string string hello Prod-Network-Provider2281708E',
    });
    expect(printed(functions)).toEqual(['Create Object']);

    const updated = readCloudAssembly(synthesize('goodbye'));
    for (const stack of updated.stacks) {
      const result = await cloudformation.deploy(updated, stack.stackName);
      expect([result.status, result.reason]).toEqual(['UPDATE_COMPLETE', undefined]);
    }
    await expect(cloudformation.destroy('Prod-Network')).rejects.toThrow(
      /^stack "Prod-Network" cannot be deleted while its export "[^"]+" is used by "Prod-Database-[^"]+"; delete what uses it first$/,
    );
    for (const name of ['Prod-Database', 'Prod-Network']) {
      const { status, reason } = await cloudformation.destroy(name);
      expect([status, reason]).toEqual(['DELETE_COMPLETE', undefined]);
    }
    expect(printed(functions)).toEqual(['Create Object', 'Update Object', 'Delete Object']);
    expect(cloudformation.stackNames()).toEqual([]);
    expect(endpoint.unknownTargets).toEqual([]);
  } finally {
    await cloudformation.close();
    await functions.close();
    await endpoint.close();
  }
});

function printed(functions: LambdaStandIn): readonly string[] {
  return functions.logs.filter(({ stream }) => stream === 'stdout').map(({ line }) => line);
}
