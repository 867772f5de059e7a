/**
 * Enumerations that AWS documents in prose, but does not declare in its schemas, for what our
 * constructs write: by resource type, or by the name of the schema's definition, and property.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dms-endpoint.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-volume.html
 */
export const DOCUMENTED_ENUMERATIONS: Readonly<Record<string, readonly string[]>> = {
  'AWS::CloudWatch::Alarm.ComparisonOperator': [
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
    'LessThanLowerOrGreaterThanUpperThreshold',
    'LessThanLowerThreshold',
    'GreaterThanUpperThreshold',
  ],
  'AWS::CloudWatch::Alarm.Statistic': ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'],
  'AWS::CloudWatch::Alarm.TreatMissingData': ['breaching', 'notBreaching', 'ignore', 'missing'],
  'AWS::DMS::Endpoint.EndpointType': ['source', 'target'],
  'AWS::DMS::Endpoint.SslMode': ['none', 'require', 'verify-ca', 'verify-full'],
  'AWS::EC2::Volume.VolumeType': ['standard', 'io1', 'io2', 'gp2', 'gp3', 'sc1', 'st1'],
  'MetadataOptions.HttpEndpoint': ['enabled', 'disabled'],
  'MetadataOptions.HttpTokens': ['optional', 'required'],
  'PostgreSqlSettings.DatabaseMode': ['default', 'babelfish'],
  'PostgreSqlSettings.PluginName': ['no-preference', 'test-decoding', 'pglogical'],
};
