import type { Shim, StandIn } from '../servers';

/** What takes the place of AWS Secrets Manager. Each behaviour is the name of a test. */
export const secretsManagerStandIn: StandIn = {
  name: 'AWS Secrets Manager',
  reason: 'it runs only in AWS; functions reach this one through AWS_ENDPOINT_URL',
  behaviours: [
    'secrets are read by ARN, partial ARN and name, as the SDK reads them',
    'versions are written once for each token, and become current by their stage',
    'a stage is moved only from the version that has it',
    'an unknown operation is refused, and recorded',
    'passwords have the length and the characters that were asked for',
    'a generated secret is made once, changed only by other settings, and deleted',
    'an attachment adds the fields of the database',
  ],
};

/** What the stand-in does differently from Secrets Manager. */
export const secretsManagerShims: readonly Shim[] = [
  {
    name: 'signatures, permissions and keys are not checked',
    reason: 'they need an account',
  },
];
