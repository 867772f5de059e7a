import type { Template } from '../assembly';

/** Public parameters of AWS that name machine images; no machine is made of one here. */
export function machineImages({ parameters }: Template): Record<string, string> {
  const names = [...parameters.values()].map(({ defaultValue }) => String(defaultValue));
  return Object.fromEntries(
    names
      .filter((name) => name.startsWith('/aws/service/ami-'))
      .map((name) => [name, 'ami-00000000000000000']),
  );
}

/** What `Ref` and `Fn::GetAtt` give for resources that nothing played, as far as played ones ask for it. */
export function madeUpAttribute(logicalId: string, type: string, attribute: string): unknown {
  if (attribute === 'Ref') return logicalId;
  if (attribute === 'Arn') return `arn:aws:${type.split('::')[1]?.toLowerCase()}:::${logicalId}`;
  return { GroupId: `sg-${logicalId}`, Id: logicalId, VolumeId: `vol-${logicalId}` }[attribute];
}

/** Why resources whose type begins so are not played; the first that fits counts. */
const REASONS: readonly (readonly [string, string])[] = [
  ['AWS::RDS::DBInstance', 'the one server of its cluster stands for it'],
  ['AWS::RDS::', 'the server that stands for the cluster needs no network group'],
  ['AWS::IAM::', 'permissions were not rehearsed; nothing here asks for them'],
  ['AWS::Lambda::Permission', 'permissions were not rehearsed; nothing here asks for them'],
  ['AWS::KMS::', 'encryption at rest and its keys were not rehearsed'],
  ['AWS::EC2::Volume', 'disks were not rehearsed; data lies in a temporary directory'],
  [
    'AWS::EC2::Instance',
    'the commands of the host are run on this machine, by the stand-in for AWS Systems Manager; its boot was not rehearsed',
  ],
  ['AWS::EC2::', 'the network was not rehearsed; everything runs on this machine'],
  ['AWS::Route53', 'the network was not rehearsed; everything runs on this machine'],
  [
    'AWS::CloudWatch::',
    'alarms and dashboards were not rehearsed, only that metrics are published',
  ],
  ['AWS::SNS::', 'nobody was notified'],
  ['AWS::Logs::', 'logs are kept in files, and removed with the rehearsal'],
  ['AWS::CDK::Metadata', 'it only counts the use of constructs'],
  ['Custom::', 'its function would call AWS, which is not here'],
];

/** Why no resource of `type` was played. */
export function reasonNotPlayed(type: string): string {
  const found = REASONS.find(([beginning]) => type.startsWith(beginning));
  return found?.[1] ?? 'it was not rehearsed; nothing on this machine plays it';
}
