// The import rules of the house. Each room lists what it may see; everything else is an error.
const ROOMS = [
  'postgres',
  'host',
  'runner',
  'endpoints',
  'aws',
  'oci',
  'handler',
  'rehearsal',
  'cli',
];

const VISIBLE = {
  postgres: [],
  host: [],
  runner: ['postgres'],
  endpoints: ['postgres'],
  aws: ['postgres', 'host'],
  oci: ['postgres', 'host'],
  handler: ['runner', 'endpoints', 'postgres'],
  rehearsal: ['runner', 'endpoints', 'postgres'],
  cli: ['postgres', 'runner', 'endpoints', 'handler', 'rehearsal'],
};

const CDK = 'node_modules/(aws-cdk-lib|constructs)/';
const PULUMI = 'node_modules/@pulumi/';
const AWS_SDK = 'node_modules/@aws-sdk/';
const OCI_SDK = 'node_modules/oci-[a-z]+/';

const roomRules = ROOMS.map((room) => ({
  name: `${room}-looks-down`,
  comment: `lib/${room} may import ${VISIBLE[room].map((name) => `lib/${name}`).join(', ') || 'no other room'}`,
  severity: 'error',
  from: { path: `^lib/${room}/` },
  to: {
    path: '^(lib|bin|examples|test|scripts|dist)/',
    pathNot: [room, ...VISIBLE[room]].map((name) => `^lib/${name}/`),
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'postgres-is-pure',
      comment: 'lib/postgres is text and data: no package, no node:*',
      severity: 'error',
      from: { path: '^lib/postgres/' },
      to: { pathNot: '^lib/' },
    },
    {
      name: 'rooms-have-a-door',
      comment: 'another room is entered through its index.ts',
      severity: 'error',
      from: { path: '^(?:lib/([^/]+)|bin|examples)/' },
      to: { path: '^lib/[^/]+/', pathNot: ['^lib/$1/', '^lib/[^/]+/index\\.ts$'] },
    },
    {
      name: 'examples-use-the-package',
      comment: "examples import what a user imports: 'pontoon/aws', 'pontoon/postgres'",
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^(lib|bin|test|scripts)/' },
    },
    {
      name: 'executable-is-the-cli',
      comment: 'bin/pontoon.ts is only the door of lib/cli',
      severity: 'error',
      from: { path: '^bin/pontoon\\.ts$' },
      to: { path: '^(lib|examples)/', pathNot: '^lib/cli/index\\.ts$' },
    },
    {
      name: 'only-aws-knows-the-cdk',
      comment: 'aws-cdk-lib and constructs are optional peers',
      severity: 'error',
      from: { path: '^(lib|bin/pontoon)', pathNot: '^lib/aws/' },
      to: { path: CDK },
    },
    {
      name: 'only-oci-knows-pulumi',
      comment:
        'a CDK user never installs Pulumi; its programs are recorded in a process of their own',
      severity: 'error',
      from: { path: '^(lib|bin)/', pathNot: '^lib/(oci|rehearsal/pulumi-program)/' },
      to: { path: PULUMI },
    },
    {
      name: 'constructs-and-runner-hold-no-sdk',
      comment: 'the SDKs belong to endpoints, handler and rehearsal, and are loaded when used',
      severity: 'error',
      from: { path: '^(lib/(postgres|runner|aws|oci|cli)|bin)/' },
      to: { path: [AWS_SDK, OCI_SDK] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^(lib|bin)/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'declared',
      comment: 'what is shipped imports only what package.json gives to its users',
      severity: 'error',
      from: { path: '^(lib|bin/pontoon)' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'types', 'default'],
    },
  },
};
