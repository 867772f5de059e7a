import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import { checkTemplate } from './cloudformation-schema';
import { DOCUMENTED_ENUMERATIONS } from './documented-enumerations';

/** The problems of one resource, in a template that has a few others to refer to. */
function problemsOf(resource: object, rest: object = {}): string[] {
  return checkTemplate({
    Parameters: { Wanted: { Type: 'String' } },
    Conditions: { IsWanted: { 'Fn::Equals': [{ Ref: 'Wanted' }, 'yes'] } },
    Resources: { Key: { Type: 'AWS::KMS::Key', Properties: {} }, It: resource },
    ...rest,
  });
}

const task = (properties: object = {}) => ({
  Type: 'AWS::DMS::ReplicationTask',
  Properties: {
    MigrationType: 'cdc',
    SourceEndpointArn: 'arn:a',
    TargetEndpointArn: 'arn:b',
    ReplicationInstanceArn: 'arn:c',
    TableMappings: '{}',
    ...properties,
  },
});

const volume = (properties: object) => ({ Type: 'AWS::EC2::Volume', Properties: properties });

describe('finds', () => {
  test.each<[string, object, string]>([
    [
      'an unknown property',
      task({ TableMapping: '{}' }),
      "'It.Properties.TableMapping' is not a property that CloudFormation knows",
    ],
    [
      'an unknown property inside of another',
      { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: { Length: 32 } } },
      "'It.Properties.GenerateSecretString.Length' is not a property that CloudFormation knows",
    ],
    [
      'a missing property',
      task({ TableMappings: { Ref: 'AWS::NoValue' } }),
      "'It.Properties.TableMappings' is required",
    ],
    [
      'a property without which nothing works',
      { Type: 'AWS::EC2::SecurityGroup' },
      "'It.Properties.GroupDescription' is required",
    ],
    [
      'a missing property inside of a list',
      { Type: 'AWS::KMS::Key', Properties: { Tags: [{ Key: 'a' }] } },
      "'It.Properties.Tags[0].Value' is required",
    ],
    [
      'a required property that may be absent',
      task({ TableMappings: { 'Fn::If': ['IsWanted', '{}', { Ref: 'AWS::NoValue' }] } }),
      "'It.Properties.TableMappings' is required",
    ],
    [
      'a value outside of an enumeration',
      task({ MigrationType: 'full_load' }),
      "'It.Properties.MigrationType' must be one of full-load, cdc, full-load-and-cdc, got 'full_load'",
    ],
    [
      'a value that only the documentation forbids',
      {
        Type: 'AWS::DMS::Endpoint',
        Properties: {
          EndpointType: 'source',
          EngineName: 'postgres',
          PostgreSqlSettings: { PluginName: 'test_decoding' },
        },
      },
      "'It.Properties.PostgreSqlSettings.PluginName' must be one of no-preference, test-decoding, pglogical, got 'test_decoding'",
    ],
    [
      'a wrong value in a branch of Fn::If',
      task({ MigrationType: { 'Fn::If': ['IsWanted', 'cdc', 'CDC'] } }),
      "'It.Properties.MigrationType' must be one of full-load, cdc, full-load-and-cdc, got 'CDC'",
    ],
    [
      'an object for a string',
      task({ TableMappings: { rules: [] } }),
      `'It.Properties.TableMappings' must be a string, got {"rules":[]}`,
    ],
    [
      'a word for an integer',
      volume({ Size: '100 GiB' }),
      "'It.Properties.Size' must be an integer, got '100 GiB'",
    ],
    [
      'a fraction for an integer',
      volume({ Size: 1.5 }),
      "'It.Properties.Size' must be an integer, got 1.5",
    ],
    [
      'a word for a number',
      { Type: 'AWS::CloudWatch::Alarm', Properties: { Threshold: 'high' } },
      "'It.Properties.Threshold' must be a number, got 'high'",
    ],
    [
      'a word for a boolean',
      volume({ Encrypted: 'yes' }),
      "'It.Properties.Encrypted' must be a boolean, got 'yes'",
    ],
    [
      'a scalar for a list',
      { Type: 'AWS::IAM::Group', Properties: { ManagedPolicyArns: 'arn:a' } },
      "'It.Properties.ManagedPolicyArns' must be a list, got 'arn:a'",
    ],
    [
      'a list for an object',
      { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString: [] } },
      "'It.Properties.GenerateSecretString' must be an object, got []",
    ],
    [
      'a null',
      task({ TableMappings: null }),
      "'It.Properties.TableMappings' must be a string, got null",
    ],
    [
      'an intrinsic that does not exist',
      task({ TableMappings: { 'Fn::Concat': ['a'] } }),
      "'It.Properties.TableMappings' must be one intrinsic, got Fn::Concat",
    ],
    [
      'two intrinsics in one place',
      task({ TableMappings: { Ref: 'Key', 'Fn::Sub': 'a' } }),
      "'It.Properties.TableMappings' must be one intrinsic, got Ref, Fn::Sub",
    ],
    [
      'an unknown resource type',
      { Type: 'AWS::DMS::ReplicationJob' },
      "'It.Type' must be a type that CloudFormation knows, got 'AWS::DMS::ReplicationJob'",
    ],
    ['a resource without a type', {}, "'It.Type' must be a string, got nothing"],
    [
      'an attribute of a resource that does not exist',
      { ...task(), DependOn: ['Key'] },
      "'It' cannot have the attribute 'DependOn'",
    ],
    [
      'a custom resource without its function',
      { Type: 'Custom::Thing', Properties: { anything: 1 } },
      "'It.Properties.ServiceToken' is required",
    ],
  ])('%s', (_, resource, problem) => {
    expect(problemsOf(resource)).toEqual([problem]);
  });

  test.each<[string, object, string]>([
    [
      'a dependency that is not there',
      { ...task(), DependsOn: ['Lock'] },
      "'It.DependsOn' must name a resource, got 'Lock'",
    ],
    [
      'a condition that is not there',
      { ...task(), Condition: 'IsHere' },
      "'It.Condition' must name a condition, got 'IsHere'",
    ],
    [
      'a Ref that leads nowhere',
      volume({ KmsKeyId: { Ref: 'Lock' } }),
      "'Resources.It.Properties.KmsKeyId.Ref' must name a resource or parameter, got 'Lock'",
    ],
    [
      'a GetAtt that leads nowhere',
      volume({ KmsKeyId: { 'Fn::GetAtt': ['Lock', 'Arn'] } }),
      `'Resources.It.Properties.KmsKeyId.Fn::GetAtt' must name a resource, got ["Lock","Arn"]`,
    ],
    [
      'an attribute that the type lacks',
      volume({ KmsKeyId: { 'Fn::GetAtt': ['Key', 'Url'] } }),
      "'Resources.It.Properties.KmsKeyId.Fn::GetAtt' must name an attribute of AWS::KMS::Key, got 'Url'; it has Arn, KeyId",
    ],
    [
      'a Sub that leads nowhere',
      volume({ KmsKeyId: { 'Fn::Sub': '${AWS::Region}/${!Literal}/${Key.Arn}/${Lock}' } }),
      "'Resources.It.Properties.KmsKeyId.Fn::Sub' must name a resource or parameter, got 'Lock'",
    ],
    [
      'an If on nothing',
      volume({ Size: { 'Fn::If': ['IsHere', 1, 2] } }),
      "'Resources.It.Properties.Size.Fn::If' must name a condition, got 'IsHere'",
    ],
    [
      'a mapping that is not there',
      volume({ Size: { 'Fn::FindInMap': ['Sizes', 'a', 'b'] } }),
      "'Resources.It.Properties.Size.Fn::FindInMap' must name a mapping, got 'Sizes'",
    ],
  ])('%s', (_, resource, problem) => {
    expect(problemsOf(resource)).toEqual([problem]);
  });

  test('an output of something that is not there', () => {
    expect(problemsOf(task(), { Outputs: { Lock: { Value: { Ref: 'Lock' } } } })).toEqual([
      "'Outputs.Lock.Value.Ref' must name a resource or parameter, got 'Lock'",
    ]);
  });

  test('all mistakes at once', () => {
    expect(problemsOf(volume({ Size: 'big', Encrypted: 'yes', Colour: 'red' }))).toHaveLength(3);
  });

  test('a template without resources', () => {
    expect(checkTemplate({})).toEqual(["'Resources' must be an object, got nothing"]);
  });
});

test('every documented enumeration belongs to a property that has none of its own', () => {
  const spec = loadAwsServiceSpecSync();
  const declared = [
    ...spec
      .all('resource')
      .map(({ cloudFormationType: name, properties }) => ({ name, properties })),
    ...spec.all('typeDefinition'),
  ];
  for (const key of Object.keys(DOCUMENTED_ENUMERATIONS)) {
    const dot = key.lastIndexOf('.');
    const types = declared
      .filter(({ name }) => name === key.slice(0, dot))
      .flatMap(({ properties }) => properties[key.slice(dot + 1)]?.type ?? []);
    expect([key, types]).toEqual([key, expect.arrayContaining([{ type: 'string' }])]);
  }
});

describe('allows', () => {
  test.each<[string, object]>([
    ['a complete resource', task()],
    ['scalars as strings', volume({ Size: '100', Encrypted: 'true' })],
    [
      'scalars for strings',
      { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 5 } },
    ],
    ['an intrinsic for a required property', task({ TableMappings: { Ref: 'Wanted' } })],
    [
      'an intrinsic for a list',
      { Type: 'AWS::IAM::Group', Properties: { ManagedPolicyArns: { 'Fn::Split': [',', 'a,b'] } } },
    ],
    [
      'an optional property that may be absent',
      volume({ Size: { 'Fn::If': ['IsWanted', 1, { Ref: 'AWS::NoValue' }] } }),
    ],
    [
      'the properties of a custom resource',
      {
        Type: 'Custom::Thing',
        Properties: { ServiceToken: 'a', ServiceTimeout: '60', spec: { kind: 'slot' } },
      },
    ],
    ['an attribute of a custom resource', volume({ KmsKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } })],
    ['the marker of the CDK', { Type: 'AWS::CDK::Metadata', Properties: { Analytics: 'v2' } }],
  ])('%s', (_, resource) => {
    expect(problemsOf(resource)).toEqual([]);
  });
});
