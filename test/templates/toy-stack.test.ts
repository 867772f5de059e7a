import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { checkTemplate } from './cloudformation-schema';
import { type Finding, nagFindings } from './nag';
import { normalizeTemplate } from './snapshot';

// The three checks on a stack of the CDK's own constructs, which are taken to be right.

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pontoon-toy-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function newApp(): App {
  return new App({ analyticsReporting: false, outdir: mkdtempSync(join(dir, 'cdk.out-')) });
}

function toy(code: string): { app: App; stack: Stack; role: Role } {
  const app = newApp();
  const stack = new Stack(app, 'Toy');
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  const fn = new LambdaFunction(stack, 'Function', {
    code: Code.fromInline(code),
    handler: 'index.handler',
    role,
    runtime: Runtime.NODEJS_LATEST,
  });
  role.addToPolicy(
    new PolicyStatement({ effect: Effect.ALLOW, actions: ['s3:*'], resources: ['*'] }),
  );
  fn.currentVersion;
  return { app, stack, role };
}

function templateOf({ app, stack }: { app: App; stack: Stack }): object {
  return app.synth().getStackByName(stack.stackName).template;
}

test("the CDK's own resources are as CloudFormation wants them", () => {
  expect(checkTemplate(templateOf(toy('exports.handler = 1')))).toEqual([]);
});

test('a mistake that the CDK lets through is found', () => {
  const app = newApp();
  const stack = new Stack(app, 'Toy');
  // The CDK's own validation is only a warning here; it would fill the test's output.
  Validations.of(stack).acknowledge({
    id: 'CloudFormation-Validate::F3002',
    reason: 'The mistake is the test.',
  });
  new CfnResource(stack, 'Log', {
    type: 'AWS::Logs::LogGroup',
    properties: { RetentionDays: 7 },
  });
  expect(checkTemplate(app.synth().getStackByName('Toy').template)).toEqual([
    "'Log.Properties.RetentionDays' is not a property that CloudFormation knows",
  ]);
});

test('a new version of the code changes no snapshot', () => {
  const [first, second] = ['exports.handler = 1', 'exports.handler = 2'].map((code) => {
    const template = JSON.stringify(templateOf(toy(code))).replaceAll(code, 'code');
    return [template, JSON.stringify(normalizeTemplate(JSON.parse(template)))];
  });
  expect(first?.[0]).not.toBe(second?.[0]);
  expect(first?.[1]).toBe(second?.[1]);
});

test('different assets stay different in a snapshot', () => {
  const [a, b] = ['a', 'b'].map((digit) => digit.repeat(64));
  expect(
    normalizeTemplate({ [`${a}.zip`]: [a, `s3://${b}`, { again: `${a}/${b}` }], n: 1 }),
  ).toEqual({
    '<hash-1>.zip': ['<hash-1>', 's3://<hash-2>', { again: '<hash-1>/<hash-2>' }],
    n: 1,
  });
});

const WILDCARDS = ['AwsSolutions-IAM5[Action::s3:*]', 'AwsSolutions-IAM5[Resource::*]'];

function rulesOf(findings: Finding[]): string[] {
  return findings.map(({ rule }) => rule).sort();
}

test('cdk-nag finds what is not suppressed', () => {
  const { app } = toy('exports.handler = 1');
  const findings = nagFindings(app);
  expect(rulesOf(findings)).toEqual(WILDCARDS);
  expect(findings[0]?.path).toBe('Toy/Role/DefaultPolicy/Resource');
});

test('a suppression with a reason covers its one finding', () => {
  const { app, role } = toy('exports.handler = 1');
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Action::s3:*]',
    reason: 'The toy plays with every bucket, and is never deployed.',
  });
  expect(rulesOf(nagFindings(app))).toEqual(['AwsSolutions-IAM5[Resource::*]']);
});

test.each(['', '  ', 'n/a', 'not needed here'])(
  'a suppression with the reason %p is a finding',
  (reason) => {
    const { app, role } = toy('exports.handler = 1');
    Validations.of(role).acknowledge(...WILDCARDS.map((id) => ({ id, reason })));
    expect(nagFindings(app)).toEqual(
      WILDCARDS.map((rule) => ({
        rule,
        path: 'Toy/Role',
        problem: `suppressed without a reason, got '${reason}'; say why in a sentence`,
      })),
    );
  },
);
