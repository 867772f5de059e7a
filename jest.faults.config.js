// `npm run test:faults`: every version, step and statement. `npm test` runs a sample of it.

/** What is sampled beside the faults. */
const SAMPLED = [
  'aws/standby/boot',
  'handler/metrics-chain',
  'postgres/injection',
  'rehearsal/aurora',
  'rehearsal/dms/standby',
  'rehearsal/examples',
  'rehearsal/program/blue-green',
  'rehearsal/ssm/schema-copy',
  'runner/chain',
  'runner/promotion/lost',
  'runner/promotion/planned',
];

/** @type {import('jest').Config} */
module.exports = {
  ...require('./jest.config'),
  testMatch: ['**/test/faults/**/*.test.ts', ...SAMPLED.map((file) => `**/test/${file}.test.ts`)],
  globals: { ALL_FAULTS: true },
};
