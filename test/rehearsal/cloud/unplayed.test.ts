import { reasonNotPlayed } from '../../../lib/rehearsal/cloud/unplayed';

test.each([
  ['AWS::IAM::Role', 'permissions were not rehearsed; nothing here asks for them'],
  ['AWS::EC2::SecurityGroup', 'the network was not rehearsed; everything runs on this machine'],
  ['AWS::EC2::Volume', 'disks were not rehearsed; data lies in a temporary directory'],
  [
    'AWS::CloudWatch::Alarm',
    'alarms and dashboards were not rehearsed, only that metrics are published',
  ],
  ['AWS::RDS::DBInstance', 'the one server of its cluster stands for it'],
  ['AWS::S3::Bucket', 'it was not rehearsed; nothing on this machine plays it'],
])('says why no %s was played', (type, reason) => {
  expect(reasonNotPlayed(type)).toBe(reason);
});
