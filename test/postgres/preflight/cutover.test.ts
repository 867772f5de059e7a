import { Lab, look, twoLinks } from './lab';

const PUBLIC = { schemas: ['public'] };
let lab: Lab;
beforeAll(async () => {
  lab = await Lab.start(17);
});
afterAll(() => lab.stop());

test('rights for a cutover are asked of the owners, and mended by what is said', async () => {
  const { name, client } = await lab.database(
    'CREATE ROLE keeper',
    'CREATE ROLE shop',
    `CREATE ROLE "Op ""x""" LOGIN`,
    'CREATE TABLE t (id int PRIMARY KEY)',
    'ALTER TABLE t OWNER TO shop',
  );
  await client.query(`ALTER DATABASE "${name}" OWNER TO keeper`);
  const context = { topology: twoLinks(17, name, { dms: PUBLIC }), server: 'onPremises' };
  const role = '"Op ""x"""';
  await client.query(`SET SESSION AUTHORIZATION ${role}`);
  const findings = await look(client, context, 'cutover-rights');
  expect(findings).toEqual([
    {
      severity: 'warning',
      object: role,
      message: `role ${role} needs the rights of "keeper", who owns database "${name}" of 'onPremises', to fence it at a cutover; let a superuser grant it before`,
      fix: `GRANT "keeper" TO ${role};`,
    },
    {
      severity: 'warning',
      object: role,
      message: `role ${role} needs the rights of "shop", who owns tables on 'onPremises', for the way back at a cutover; let a superuser grant it before`,
      fix: `GRANT "shop" TO ${role};`,
    },
    {
      severity: 'warning',
      object: role,
      message: `role ${role} needs the right to create subscriptions on 'onPremises', for the way back at a cutover; let a superuser grant it before`,
      fix: `GRANT pg_create_subscription TO ${role};`,
    },
  ]);
  await client.query('RESET SESSION AUTHORIZATION');
  for (const { fix } of findings) await client.query(fix ?? '');
  await client.query(`SET SESSION AUTHORIZATION ${role}`);
  expect(await look(client, context, 'cutover-rights')).toEqual([]);
});

test('statements that set passwords must not be written down', async () => {
  const { name, client } = await lab.database('CREATE ROLE writer LOGIN');
  const context = { topology: twoLinks(17, name, { dms: PUBLIC }), server: 'onPremises' };
  await client.query("SET log_statement = 'ddl'");
  await client.query('SET log_min_duration_statement = 100');
  await client.query('SET debug_print_plan = on');
  await client.query('SET log_transaction_sample_rate = 0.5');
  await client.query('SET log_parser_stats = on');
  await client.query('GRANT SET ON PARAMETER log_parser_stats TO writer');
  expect(await look(client, context, 'statement-log')).toEqual([]);
  await client.query('SET SESSION AUTHORIZATION writer');
  expect(await look(client, context, 'statement-log')).toEqual([
    {
      severity: 'error',
      object: 'log_min_duration_statement',
      message: `'log_min_duration_statement' must be -1 for role "writer" on 'onPremises', since its statements set passwords, got 100; let a superuser set it for this role`,
      fix: `ALTER ROLE "writer" SET log_min_duration_statement = '-1';`,
    },
    {
      severity: 'error',
      object: 'log_statement',
      message: `'log_statement' must be none for role "writer" on 'onPremises', since its statements set passwords, got ddl; let a superuser set it for this role`,
      fix: `ALTER ROLE "writer" SET log_statement = 'none';`,
    },
    {
      severity: 'error',
      object: 'log_transaction_sample_rate',
      message: `'log_transaction_sample_rate' must be 0 for role "writer" on 'onPremises', since its statements set passwords, got 0.5; let a superuser set it for this role`,
      fix: `ALTER ROLE "writer" SET log_transaction_sample_rate = '0';`,
    },
  ]);
});

test('what a copy of the schema loses is said, and what it fails at', async () => {
  const { name, client } = await lab.database(
    'CREATE ROLE lender',
    'CREATE ROLE borrower',
    'CREATE TABLE "T" (id int PRIMARY KEY)',
    'GRANT SELECT ON "T" TO lender WITH GRANT OPTION',
    'GRANT USAGE ON SCHEMA public TO lender',
    'SET ROLE lender',
    'GRANT SELECT ON "T" TO borrower',
    'RESET ROLE',
    'CREATE TYPE mood AS (word text)',
    'CREATE CAST (mood AS text) WITH INOUT',
    'CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$',
    'CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watch()',
  );
  const context = { topology: twoLinks(17, name, { dms: PUBLIC }), server: 'onPremises' };
  expect(await look(client, context, 'schema-copy')).toEqual([
    {
      severity: 'warning',
      object: '(public.mood AS text)',
      message: `cast (public.mood AS text) on 'onPremises' belongs to no schema, and is not copied; make it on the target too if it is needed there`,
    },
    {
      severity: 'warning',
      object: 'watcher',
      message: `event trigger watcher on 'onPremises' belongs to no schema, and is not copied; make it on the target too if it is needed there`,
    },
    {
      severity: 'error',
      object: 'public."T"',
      message: `rights on public."T" of 'onPremises' must be granted by its owner "postgres", got some by "lender", in whose name only a superuser of the target could grant them again; grant them as "postgres", and take the others back`,
    },
  ]);
});
