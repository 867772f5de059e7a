// `npm run test:faults`: every version, step and statement. `npm test` runs a sample of it.
/** @type {import('jest').Config} */
module.exports = {
  ...require('./jest.config'),
  roots: ['<rootDir>/test/faults'],
  globals: { ALL_FAULTS: true },
};
