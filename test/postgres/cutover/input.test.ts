import { CUTOVER_LIMITS, parseCutover, rollbackOf } from '../../../lib/postgres';

const CONNECTION = {
  server: 'blue',
  host: 'blue.example',
  port: 5432,
  database: 'shop',
  secret: 'secret:blue',
  caCertificate: 'aws-rds',
};
const PLAN = {
  migration: 'shop',
  from: 'blue',
  to: 'green',
  selection: { schemas: ['shop'] },
  forward: [
    {
      kind: 'native',
      decoder: 'blue',
      slotName: 'forward',
      subscription: 'forward',
      publication: 'forward',
    },
  ],
  keep: { blue: ['reader'], green: [] },
};

test('what a cutover is told is read with its defaults', () => {
  const connections = { blue: CONNECTION, green: { ...CONNECTION, server: 'green' } };
  expect(
    parseCutover({ plan: { ...PLAN, limits: { budgetMs: '5000' } }, connections, taskArn: 'arn' }),
  ).toEqual({
    plan: {
      ...PLAN,
      selection: { schemas: ['shop'], tables: [], exclude: [] },
      limits: { ...CUTOVER_LIMITS, budgetMs: 5000 },
    },
    connections: {
      blue: { ...CONNECTION, sslMode: 'verify-full' },
      green: { ...CONNECTION, server: 'green', sslMode: 'verify-full' },
    },
    taskArn: 'arn',
  });
});

test('everything that is wrong is said at once', () => {
  const plan = {
    ...PLAN,
    to: 'blue',
    forward: [{ kind: 'native', decoder: 'standby', slotName: 'A' }],
    limits: { budgetMs: 1 },
    speed: 'high',
  };
  expect(() => parseCutover({ plan, connections: { blue: CONNECTION } })).toThrow(
    new Error(
      [
        'the cutover has 7 problems:',
        `- 'plan.forward[0].subscription' must be given for a NATIVE path, got nothing; name it`,
        `- 'plan.forward[0].slotName' must consist of lower-case letters, digits and underscores, got "A"; rename the slot`,
        `- 'plan.limits.budgetMs' must be a whole number from 1000 to 86400000, got 1; correct it`,
        `- 'plan.speed' is not known here; remove it or correct its name`,
        `- 'plan.to' must be another server than 'plan.from', got 'blue' twice; correct one`,
        `- 'connections' must have 'standby', which the plan names, got blue; add it`,
        `- 'plan.keep' must name the writers 'blue' and 'blue' only, got 'green'; list the roles of a standby under the writer that it follows`,
      ].join('\n'),
    ),
  );
});

test('logins have a name each on the new writer, which a rollback reads the other way round', () => {
  const connections = { blue: CONNECTION, green: { ...CONNECTION, server: 'green' } };
  const parsed = (logins: object) => () =>
    parseCutover({ plan: { ...PLAN, reverse: PLAN.forward, logins }, connections });
  const { plan } = parsed({ sales: 'sales_green' })();
  expect(plan.logins).toEqual({ sales: 'sales_green' });
  expect(rollbackOf(plan)?.logins).toEqual({ sales_green: 'sales' });
  expect(parsed({ sales: 'app', stock: 'app', none: '' })).toThrow(
    new Error(
      [
        'the cutover has 2 problems:',
        `- 'plan.logins.none' must not be empty, got ''; give a name`,
        `- 'plan.logins' must give each login another name on the new writer, got "app" twice; correct one`,
      ].join('\n'),
    ),
  );
});

test('what cannot be waited for, and a connection under another name, are refused', () => {
  const plan = { ...PLAN, limits: { budgetMs: 99_999_999_999_999, transactionSeconds: 86_401 } };
  const connections = { blue: CONNECTION, green: { ...CONNECTION, server: 'zzz' } };
  expect(() => parseCutover({ plan, connections })).toThrow(
    new Error(
      [
        'the cutover has 3 problems:',
        `- 'plan.limits.budgetMs' must be a whole number from 1000 to 86400000, got 99999999999999; correct it`,
        `- 'plan.limits.transactionSeconds' must be a whole number from 1 to 86400, got 86401; correct it`,
        `- 'connections.green.server' must be 'green', as the connection is called, got 'zzz'; correct one`,
      ].join('\n'),
    ),
  );
});

test('a way has at least one path, and tells several apart', () => {
  const [path] = PLAN.forward;
  const connections = { blue: CONNECTION, green: { ...CONNECTION, server: 'green' } };
  const parsed = (plan: object) => () => parseCutover({ plan: { ...PLAN, ...plan }, connections });
  expect(parsed({ forward: [path, { ...path, part: 'events' }] })().plan.forward).toEqual([
    path,
    { ...path, part: 'events' },
  ]);
  expect(parsed({ forward: [{ ...path, part: 'Events' }], reverse: [] })).toThrow(
    new Error(
      [
        'the cutover has 2 problems:',
        `- 'plan.forward[0].part' must be a lower-case letter followed by up to 19 lower-case letters, digits or underscores, got "Events"; names of slots end with it, so choose another one`,
        `- 'plan.reverse' must have at least one path, got []; say what carries the tables`,
      ].join('\n'),
    ),
  );
  expect(parsed({ forward: [path, { ...path, kind: 'dms' }] })).toThrow(
    /'plan.forward' must be one path unless subscriptions of PostgreSQL’s own carry it, got .*; leave the others out\n- 'plan.forward' must tell its paths apart by 'part', got .*; give each another one$/,
  );
});

test('names are changed by AWS DMS only, and only where there is no way back', () => {
  const connections = { blue: CONNECTION, green: { ...CONNECTION, server: 'green' } };
  const [path] = PLAN.forward;
  const parsed = (plan: object) => () => parseCutover({ plan: { ...PLAN, ...plan }, connections });
  const transformations = [{ target: 'schema', action: 'rename', schema: 'shop', value: 'store' }];
  const dms = { kind: 'dms', decoder: 'blue', slotName: 'forward', writer: 'writer' };
  expect(parsed({ forward: [dms], transformations })().plan.transformations).toEqual(
    transformations,
  );
  expect(parsed({ forward: [dms], transformations: [] })().plan).not.toHaveProperty(
    'transformations',
  );
  expect(parsed({ reverse: [path], transformations })).toThrow(
    new Error(
      [
        'the cutover has 2 problems:',
        `- 'plan.transformations' cannot be given where a subscription replicates, which renames nothing, got [{"target":"schema","action":"rename","schema":"shop","value":"store"}]; remove them`,
        `- 'plan.transformations' cannot be given where there is a way back, which renames nothing, got [{"target":"schema","action":"rename","schema":"shop","value":"store"}]; remove them, or 'reverse'`,
      ].join('\n'),
    ),
  );
  expect(
    parsed({ forward: [dms], transformations: [{ ...transformations[0], schema: 'pontoon' }] }),
  ).toThrow(
    new Error(
      `the cutover: 'plan.transformations[0].schema' cannot be 'pontoon', whose canary must arrive under its own name; remove the transformation`,
    ),
  );
});
