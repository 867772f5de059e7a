import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import recommended from 'aws-cdk-lib/recommended-feature-flags.json';

test('cdk.json sets every feature flag as this version of the CDK recommends', () => {
  const { context } = JSON.parse(readFileSync(join(__dirname, '../../cdk.json'), 'utf8'));
  expect(context).toEqual({ 'cli-telemetry': false, ...recommended });
});
