// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of Fn::Sub hold placeholders
import {
  Evaluator,
  parseTemplate,
  type Scope,
  stackIdentity,
} from '../../../lib/rehearsal/assembly';
import { messageOf } from './message-of';

function scopeOf(template: object, overrides: Partial<Scope> = {}): Scope {
  return {
    identity: stackIdentity('Net', '123456789012', 'eu-central-1'),
    template: parseTemplate(template, 'template'),
    parameters: new Map(),
    ssmParameters: new Map(),
    reference: () => undefined,
    attribute: () => undefined,
    importValue: () => undefined,
    stackOutput: () => undefined,
    availabilityZones: (region) => [`${region}a`, `${region}b`],
    dynamicReference: () => undefined,
    ...overrides,
  };
}

function evaluate(value: unknown, template: object = {}, overrides: Partial<Scope> = {}): unknown {
  return new Evaluator(scopeOf(template, overrides)).evaluate(value, 'here');
}

const DATABASE = { Resources: { Db: { Type: 'AWS::RDS::DBCluster' } } };
const PLAYED: Partial<Scope> = {
  reference: (id) => `ref-of-${id}`,
  attribute: (id, attribute) => (attribute === 'List' ? ['x', 'y'] : `${id}/${attribute}`),
};
const MAPPED = {
  Conditions: {
    Yes: { 'Fn::Equals': ['a', { 'Fn::Select': [0, ['a', 'b']] }] },
    No: { 'Fn::Not': [{ Condition: 'Yes' }] },
    Both: { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
    Either: { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] },
  },
  Mappings: { Ports: { 'eu-central-1': { database: 5432, zones: ['1', '2'] } } },
  Parameters: {
    Plain: { Type: 'String', Default: 'seven' },
    Count: { Type: 'Number', Default: 7 },
    Subnets: { Type: 'List<AWS::EC2::Subnet::Id>', Default: 'subnet-1, subnet-2' },
    Image: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/ami/latest' },
    Images: { Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: '/ami/all' },
    Missing: { Type: 'String' },
    Unknown: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/ami/none' },
  },
  Resources: { Db: { Type: 'AWS::RDS::DBCluster' }, Off: { Type: 'X::Y::Z', Condition: 'No' } },
};
const SSM: Partial<Scope> = {
  ssmParameters: new Map([
    ['/ami/latest', 'ami-1'],
    ['/ami/all', 'ami-1,ami-2'],
  ]),
};

describe('values', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a resource', { Ref: 'Db' }, 'ref-of-Db'],
    ['Ref of a parameter', { Ref: 'Plain' }, 'seven'],
    ['Ref of a number', { Ref: 'Count' }, '7'],
    ['Ref of a list', { Ref: 'Subnets' }, ['subnet-1', 'subnet-2']],
    ['Ref of an SSM parameter', { Ref: 'Image' }, 'ami-1'],
    ['Ref of an SSM list', { Ref: 'Images' }, ['ami-1', 'ami-2']],
    ['AWS::Region', { Ref: 'AWS::Region' }, 'eu-central-1'],
    ['AWS::AccountId', { Ref: 'AWS::AccountId' }, '123456789012'],
    ['AWS::Partition', { Ref: 'AWS::Partition' }, 'aws'],
    ['AWS::URLSuffix', { Ref: 'AWS::URLSuffix' }, 'amazonaws.com'],
    ['AWS::StackName', { Ref: 'AWS::StackName' }, 'Net'],
    [
      'AWS::StackId',
      { Ref: 'AWS::StackId' },
      'arn:aws:cloudformation:eu-central-1:123456789012:stack/Net/00000000-0000-4000-8000-000000000000',
    ],
    ['AWS::NotificationARNs', { Ref: 'AWS::NotificationARNs' }, []],
    ['AWS::NoValue in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['AWS::NoValue in a list', [1, { Ref: 'AWS::NoValue' }, 2], [1, 2]],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Db', 'Endpoint.Address'] }, 'Db/Endpoint.Address'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Db.Endpoint.Address' }, 'Db/Endpoint.Address'],
    ['Fn::GetAtt by Ref', { 'Fn::GetAtt': ['Db', { Ref: 'Plain' }] }, 'Db/seven'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Plain' }, 3]] }, 'a-seven-3'],
    ['Fn::Join of a list value', { 'Fn::Join': ['+', { 'Fn::GetAtt': ['Db', 'List'] }] }, 'x+y'],
    [
      'Fn::Sub as text',
      { 'Fn::Sub': '${AWS::Region}/${Db}/${Db.Port}/${Plain}/${!Plain}/$x' },
      'eu-central-1/ref-of-Db/Db/Port/seven/${Plain}/$x',
    ],
    [
      'Fn::Sub with variables',
      { 'Fn::Sub': ['${Db}-${Own.Name}-${Plain}', { Db: 'mine', 'Own.Name': { Ref: 'Count' } }] },
      'mine-7-seven',
    ],
    ['Fn::Select', { 'Fn::Select': ['1', ['a', 'b']] }, 'b'],
    ['Fn::Split', { 'Fn::Split': ['|', 'a|b||'] }, ['a', 'b', '', '']],
    ['Fn::Base64', { 'Fn::Base64': { Ref: 'Plain' } }, 'c2V2ZW4='],
    ['Fn::GetAZs here', { 'Fn::GetAZs': '' }, ['eu-central-1a', 'eu-central-1b']],
    ['Fn::GetAZs there', { 'Fn::GetAZs': 'us-east-1' }, ['us-east-1a', 'us-east-1b']],
    ['Fn::If true', { 'Fn::If': ['Yes', 'a', { Ref: 'Missing' }] }, 'a'],
    ['Fn::If false', { 'Fn::If': ['No', { Ref: 'Missing' }, 'b'] }, 'b'],
    ['Fn::And', { 'Fn::If': ['Both', 1, 2] }, 2],
    ['Fn::Or', { 'Fn::If': ['Either', 1, 2] }, 1],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Ports', { Ref: 'AWS::Region' }, 'database'] }, 5432],
    ['Fn::FindInMap list', { 'Fn::FindInMap': ['Ports', 'eu-central-1', 'zones'] }, ['1', '2']],
    [
      'Fn::FindInMap default',
      { 'Fn::FindInMap': ['Ports', 'mars', 'database', { DefaultValue: 'none' }] },
      'none',
    ],
    [
      'Fn::Cidr',
      { 'Fn::Cidr': ['10.0.128.0/17', 3, '8'] },
      ['10.0.128.0/24', '10.0.129.0/24', '10.0.130.0/24'],
    ],
    [
      'Fn::Cidr of IPv6',
      { 'Fn::Cidr': ['2001:db8:0:ff00::/56', 2, 64] },
      ['2001:db8:0:ff00::/64', '2001:db8:0:ff01::/64'],
    ],
    [
      'a policy condition',
      { Condition: { Bool: { x: 'true' } } },
      { Condition: { Bool: { x: 'true' } } },
    ],
    ['scalars', [1, true, 'x'], [1, true, 'x']],
  ])('%s', (_name, value, expected) => {
    expect(evaluate(value, MAPPED, { ...PLAYED, ...SSM })).toEqual(expected);
  });

  test('Fn::Length and Fn::ToJsonString need the language extensions', () => {
    const value = [{ 'Fn::Length': ['a', 'b'] }, { 'Fn::ToJsonString': { a: { Ref: 'Db' } } }];
    const template = { ...DATABASE, Transform: 'AWS::LanguageExtensions' };
    expect(evaluate(value, template, PLAYED)).toEqual([2, '{"a":"ref-of-Db"}']);
    expect(messageOf(() => evaluate(value, DATABASE, PLAYED))).toBe(
      `stack "Net" has 2 problems:
- 'here[0]' cannot use Fn::Length without 'Transform: AWS::LanguageExtensions'; add it to the template
- 'here[1]' cannot use Fn::ToJsonString without 'Transform: AWS::LanguageExtensions'; add it to the template`,
    );
  });

  test('exports and outputs of other stacks', () => {
    const others: Partial<Scope> = {
      importValue: (name) => (name === 'Vpc:Id' ? 'vpc-1' : undefined),
      stackOutput: (stack, output) => `${stack}.${output}`,
    };
    const value = [
      { 'Fn::ImportValue': { 'Fn::Sub': 'Vpc:Id' } },
      { 'Fn::GetStackOutput': { StackName: 'Vpc', OutputName: 'Id' } },
    ];
    expect(evaluate(value, {}, others)).toEqual(['vpc-1', 'Vpc.Id']);
  });

  test('given values of parameters win over defaults', () => {
    const parameters = new Map<string, unknown>([
      ['Plain', 'given'],
      ['Subnets', ['s-1']],
    ]);
    const value = [{ Ref: 'Plain' }, { Ref: 'Subnets' }];
    expect(evaluate(value, MAPPED, { parameters })).toEqual(['given', ['s-1']]);
  });
});

describe('errors name what is wrong and where', () => {
  test.each<[string, unknown, string]>([
    [
      'an unknown intrinsic',
      { a: { 'Fn::Foo': 1 } },
      `'here.a' cannot use Fn::Foo, an unknown intrinsic; known are Ref, Fn::If, Fn::Equals, Fn::And, Fn::Or, Fn::Not, Fn::GetAtt, Fn::Join, Fn::Sub, Fn::Select, Fn::Split, Fn::Base64, Fn::GetAZs, Fn::ImportValue, Fn::GetStackOutput, Fn::FindInMap, Fn::Cidr, Fn::Length, Fn::ToJsonString`,
    ],
    [
      'Fn::Transform',
      { 'Fn::Transform': {} },
      `'here' cannot use Fn::Transform, since macros run only in AWS; synthesize its result`,
    ],
    [
      'an unknown name',
      { Ref: 'Nope' },
      `'here' refers to "Nope", which the template does not define`,
    ],
    [
      'an unknown name in Fn::Sub',
      { 'Fn::Sub': '${Nope.Arn}' },
      `'here.Fn::Sub.\${Nope.Arn}' refers to "Nope", which the template does not define`,
    ],
    [
      'a reference without value',
      { Ref: 'Db' },
      `'here' requires the reference (Ref) of "Db" (AWS::RDS::DBCluster), got no value; play the resource or give it in 'attributes'`,
    ],
    [
      'an attribute without value',
      { 'Fn::GetAtt': ['Db', 'Port'] },
      `'here.Fn::GetAtt' requires attribute "Port" of "Db" (AWS::RDS::DBCluster), got no value; play the resource or give it in 'attributes'`,
    ],
    [
      'a resource that is not made',
      { Ref: 'Off' },
      `'here' refers to "Off", which is not made because its condition "No" is false`,
    ],
    [
      'a parameter without value',
      { Ref: 'Missing' },
      `'here' requires a value of parameter "Missing", which has no default, got none; give it in 'parameters'`,
    ],
    [
      'an SSM parameter without value',
      { Ref: 'Unknown' },
      `'here' requires the SSM parameter "/ami/none" (parameter "Unknown"), got no value; give it in 'ssmParameters'`,
    ],
    [
      'a pseudo parameter',
      { Ref: 'AWS::Nope' },
      `'here' cannot use the unknown pseudo parameter AWS::Nope`,
    ],
    ['null', { a: null }, `'here.a' must not be null, which CloudFormation refuses; leave it out`],
    [
      'two keys',
      { 'Fn::Join': [], b: 1 },
      `'here' must hold nothing beside Fn::Join, got Fn::Join, b`,
    ],
    [
      'an export',
      { 'Fn::ImportValue': 'X' },
      `'here.Fn::ImportValue' requires the export "X" of another stack, got none; deploy the stack that exports it first`,
    ],
    [
      'an output',
      { 'Fn::GetStackOutput': { StackName: 'A', OutputName: 'B' } },
      `'here.Fn::GetStackOutput' requires output "B" of stack "A", got none; deploy it first`,
    ],
    [
      'an output elsewhere',
      { 'Fn::GetStackOutput': { StackName: 'A', OutputName: 'B', Region: 'mars-1' } },
      `'here.Fn::GetStackOutput' cannot reach into another region or account`,
    ],
    [
      'an index',
      { 'Fn::Select': [2, ['a', 'b']] },
      `'here.Fn::Select' must select one of 2 entries, got index 2`,
    ],
    [
      'a mapping',
      { 'Fn::FindInMap': ['Ports', 'mars', 'database'] },
      `'here.Fn::FindInMap' requires an entry of the mappings, got "Ports"."mars"."database"`,
    ],
    [
      'a condition',
      { 'Fn::If': ['Maybe', 1, 2] },
      `'here.Fn::If[0]' requires a condition of the template, got "Maybe", which is none`,
    ],
    [
      'no value in a text',
      { 'Fn::Join': ['', { Ref: 'AWS::NoValue' }] },
      `'here.Fn::Join[1]' must be a list, got AWS::NoValue`,
    ],
    [
      'a list in a text',
      { 'Fn::Sub': '${Subnets}' },
      `'here.Fn::Sub.\${Subnets}' must be a string, got a list of 2`,
    ],
    ['a short list', { 'Fn::Join': ['-'] }, `'here.Fn::Join' must be a list of 2, got 1`],
    [
      'a network',
      { 'Fn::Cidr': ['10.0.0.0/24', 2, 8] },
      `'here.Fn::Cidr' cannot divide "10.0.0.0/24" into 2 networks of 8 host bits`,
    ],
    ['an empty delimiter', { 'Fn::Split': ['', 'a'] }, `'here.Fn::Split[0]' must not be empty`],
    [
      'an attribute without name',
      { 'Fn::GetAtt': 'Db' },
      `'here.Fn::GetAtt' must be 'logicalId.attribute', got "Db"`,
    ],
  ])('%s', (_name, value, message) => {
    expect(messageOf(() => evaluate(value, MAPPED))).toBe(`stack "Net": ${message}`);
  });

  test('all problems at once', () => {
    expect(messageOf(() => evaluate([{ Ref: 'A' }, { b: { Ref: 'B' } }]))).toBe(
      `stack "Net" has 2 problems:
- 'here[0]' refers to "A", which the template does not define
- 'here[1].b' refers to "B", which the template does not define`,
    );
  });

  test('conditions in a cycle', () => {
    const Conditions = { A: { Condition: 'B' }, B: { 'Fn::Not': [{ Condition: 'A' }] } };
    expect(messageOf(() => evaluate({ 'Fn::If': ['A', 1, 2] }, { Conditions }))).toBe(
      `stack "Net": 'Conditions.B.Fn::Not[0]' cannot be evaluated, got conditions in a cycle: A → B → A`,
    );
  });

  test('a malformed template', () => {
    const template = { Transform: ['AWS::Serverless-2016-10-31'], Resources: { A: 1, B: {} } };
    expect(messageOf(() => parseTemplate(template, 'template x'))).toBe(
      `template x has 3 problems:
- 'Transform' cannot be played, got "AWS::Serverless-2016-10-31"; only "AWS::LanguageExtensions" is, synthesize without the others
- 'Resources.A' must be an object, got a number
- 'Resources.B.Type' must be a string, got nothing`,
    );
  });
});
