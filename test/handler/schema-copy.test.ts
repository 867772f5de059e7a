import type { ResourceContext, ResourceEvent } from '../../lib/handler/resource';
import { schemaCopyHandler } from '../../lib/handler/schema-copy';
import {
  createSecret,
  type DmsTransformation,
  DmsTransformationAction,
  DmsTransformationTarget,
  type SecretStore,
  targetNames,
} from '../../lib/postgres';
import { AwsEndpointStandIn } from '../../lib/rehearsal/aws-endpoint';
import { scanForSecrets } from '../../lib/rehearsal/checks/secret-scan';
import { SsmStandIn } from '../../lib/rehearsal/ssm';
import { ADMIN, DOCUMENT, describeSchemas, prepareTarget, SECRET } from '../rehearsal/ssm/copied';
import { type TestServer, withServers } from '../servers';

const SCHEMA = `
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY);
CREATE SCHEMA audit;
CREATE TABLE audit.events (id int PRIMARY KEY);
`;

/** A source, a target, and the handler between them. */
class Scene {
  public readonly lines: string[] = [];
  public remainingMs = 120_000;
  public password = ADMIN.password;
  public instance: TestServer | undefined;
  private requests = 0;

  constructor(
    public readonly source: TestServer,
    public readonly target: TestServer,
    public readonly endpoint: AwsEndpointStandIn,
  ) {
    this.instance = source;
  }

  /** Sends one event, with a request of its own unless it is given. */
  public async send(given: {
    readonly requestType?: ResourceEvent['requestType'];
    readonly requestId?: string;
    readonly owner?: string;
    readonly schemas?: readonly string[];
    readonly adopt?: string;
    readonly transformations?: readonly DmsTransformation[];
  }) {
    this.requests += 1;
    const { host, port, caCertificate } = this.target.server;
    const context: ResourceContext = {
      remainingMs: () => this.remainingMs,
      log: (line) => this.lines.push(line),
    };
    return await schemaCopyHandler(secrets, { pollMs: 50, resendMs: 500 })(
      {
        requestType: given.requestType ?? 'Create',
        requestId: given.requestId ?? `request-${this.requests}`,
        owner: given.owner ?? 'stack/Schema',
        properties: {
          server: 'aurora',
          connection: {
            server: 'aurora',
            host,
            port: String(port),
            database: 'shop',
            secret: SECRET,
            sslMode: 'verify-full',
            caCertificate,
          },
          source: { server: 'standby', database: 'shop' },
          document: 'document',
          instance: { key: 'tag:pontoon:standby', value: 'vol-1' },
          schemas: given.schemas ?? ['shop'],
          ...(given.transformations === undefined
            ? {}
            : { transformations: given.transformations }),
          ...(given.adopt === undefined ? {} : { adopt: given.adopt }),
        },
      },
      context,
    );
  }

  public commands(): number {
    return this.endpoint.calls.filter(({ target }) => target === 'AmazonSSM.SendCommand').length;
  }

  public async schemas(): Promise<unknown> {
    const client = await this.target.client('shop');
    const { rows } = await client.query('SELECT spec, adopted FROM pontoon.objects');
    return rows;
  }
}

const secrets: SecretStore = {
  get: async () => createSecret({ username: ADMIN.user, password: ADMIN.password, version: '1' }),
};

async function withScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const servers = [
    { name: 'standby', major: 15, superuser: 'postgres' },
    { name: 'aurora', major: 17, superuser: 'rdsadmin' },
  ];
  const saved = { ...process.env };
  await withServers(servers, async ([source, target]) => {
    if (source === undefined || target === undefined) throw new Error('there are two servers');
    await (await source.client()).query('CREATE DATABASE shop');
    await (await source.client('shop')).query(SCHEMA);
    await prepareTarget(target);
    const endpoint = await AwsEndpointStandIn.start();
    const scene = new Scene(source, target, endpoint);
    const ssm = new SsmStandIn({
      workspace: source.workspace,
      secret: () => JSON.stringify({ username: ADMIN.user, password: scene.password }),
      instance: () => scene.instance?.server,
    });
    ssm.add('document', DOCUMENT);
    endpoint.register(ssm.operations());
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    });
    try {
      await work(scene);
    } finally {
      process.env = saved;
      await ssm.close();
      await endpoint.close();
    }
  });
}

const ID = 'aurora/shop/schema-copy/standby/shop';

test('copies once, whatever is delivered again, and adds schemas that are selected later', async () => {
  await withScene(async (scene) => {
    const first = { requestId: 'request-a' };
    const [one, two] = await Promise.all([scene.send(first), scene.send(first)]);
    expect([one, two]).toEqual([
      { physicalResourceId: ID, data: {} },
      { physicalResourceId: ID, data: {} },
    ]);
    expect(scene.commands()).toBe(1);
    await scene.send({ requestType: 'Update' });
    expect(scene.commands()).toBe(1);
    await scene.send({ requestType: 'Update', schemas: ['shop', 'audit'] });
    expect(scene.commands()).toBe(2);
    expect(await scene.schemas()).toEqual([
      { spec: { kind: 'schema-copy', schemas: ['audit', 'shop'] }, adopted: false },
    ]);
    await scene.send({ requestType: 'Update', schemas: ['audit'] });
    expect(scene.lines.at(-1)).toBe("schema copy 'standby/shop' to 'aurora': shop stay");
    await scene.send({ requestType: 'Delete' });
    expect(await scene.schemas()).toEqual([]);
    const target = await scene.target.client('shop');
    const tables = await describeSchemas(target, ['shop', 'audit']);
    expect(tables.filter((line) => line.startsWith('constraint'))).toEqual([
      'constraint audit.audit.events events_pkey PRIMARY KEY (id) t',
      'constraint shop.shop.orders orders_pkey PRIMARY KEY (id) t',
    ]);
    // The first request again, long after its time.
    await scene.send(first);
    expect(scene.commands()).toBe(2);
  });
});

test('nothing is copied over what is there, unless it is adopted', async () => {
  await withScene(async (scene) => {
    const target = await scene.target.client('shop');
    await target.query('CREATE SCHEMA shop CREATE TABLE mine (id int)');
    await expect(scene.send({})).rejects.toThrow(
      new Error(
        `schema copy 'standby/shop' to 'aurora' cannot be made, got tables in "shop" that somebody else made; drop the schema there, or take it as it is with 'adopt: true'`,
      ),
    );
    await scene.send({ adopt: 'true', schemas: ['audit', 'shop'] });
    expect(scene.commands()).toBe(1);
    await expect(scene.send({ owner: 'other/Schema' })).rejects.toThrow(
      new Error(
        "schema copy 'standby/shop' to 'aurora' must belong to other/Schema, got the owner stack/Schema; change it there, or copy into another database",
      ),
    );
  });
});

test("a refusal is told in the server's own words, changes nothing and holds no secret", async () => {
  await withScene(async (scene) => {
    const source = await scene.source.client('shop');
    await source.query('CREATE EXTENSION pg_visibility');
    await expect(scene.send({})).rejects.toThrow(
      /^schema copy 'standby\/shop' to 'aurora' must succeed, got Failed: psql:[^ ]*prepare\.sql:\d+: ERROR: {2}permission denied to create extension "pg_visibility"\nHINT: {2}Must be superuser to create this extension\.\nCONTEXT: [\s\S]*; mend what it says and deploy again$/,
    );
    await source.query('DROP EXTENSION pg_visibility');
    scene.password = 'another password than the right one';
    await expect(scene.send({})).rejects.toThrow(
      /^schema copy 'standby\/shop' to 'aurora' must succeed, got Failed: psql: error: connection to server at "127\.0\.0\.1", port \d+ failed: FATAL: {2}password authentication failed for user "admin"\npassword retrieved from file "[^"]*\/passfile"; mend what it says and deploy again$/,
    );
    expect(await scene.schemas()).toEqual([]);
    scene.password = ADMIN.password;
    await scene.send({});
    const scan = await scanForSecrets([ADMIN.password, 'another password than the right one'], {
      texts: [{ place: 'the log of the function', text: scene.lines.join('\n') }],
      files: [
        { place: 'the log of the source', path: scene.source.server.logFile },
        { place: 'the log of the target', path: scene.target.server.logFile },
      ],
    });
    expect(scan.found).toEqual([]);
  });
});

test('a standby whose agent does not run yet is waited for, as long as there is time', async () => {
  await withScene(async (scene) => {
    scene.instance = undefined;
    scene.remainingMs = 15_000;
    await expect(scene.send({})).rejects.toThrow(
      new Error(
        "schema copy 'standby/shop' to 'aurora' must succeed, got no instance: no instance with tag:pontoon:standby = vol-1 took the command; is its SSM agent running?; mend what it says and deploy again",
      ),
    );
    scene.remainingMs = 120_000;
    const sent = scene.commands();
    const waiting = scene.send({});
    while (scene.commands() === sent) await new Promise((resolve) => setImmediate(resolve));
    scene.instance = scene.source;
    await waiting;
    expect(scene.commands()).toBe(sent + 2);
  });
});

test('a copy that lacks a table fails with its name and changes nothing; dropped schemas are copied again', async () => {
  await withScene(async (scene) => {
    const target = await scene.target.client('shop');
    await target.query(`CREATE FUNCTION public.lose() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS
      $f$ BEGIN
        IF EXISTS (SELECT FROM pg_constraint WHERE conname = 'orders_pkey') THEN DROP TABLE IF EXISTS audit.events; END IF;
      END $f$;
      CREATE EVENT TRIGGER lose ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.lose()`);
    const schemas = ['audit', 'shop'];
    await expect(scene.send({ schemas })).rejects.toThrow(
      /^schema copy 'standby\/shop' to 'aurora' must succeed, got Failed: psql:[^ ]*finish\.sql:\d+: ERROR: {2}the target must get every table, view and sequence of the source, got 1 less, among them audit\.events\nHINT: {2}Nothing was copied\. Change no schema while it is copied, disable what drops tables on the target, and deploy again\.\nCONTEXT: [\s\S]*; mend what it says and deploy again$/,
    );
    expect(await scene.schemas()).toEqual([]);
    await target.query('DROP EVENT TRIGGER lose');
    await scene.send({ schemas });
    await target.query('DROP SCHEMA shop CASCADE');
    await scene.send({ requestType: 'Update', schemas });
    expect(await describeSchemas(target, ['shop'])).toContain(
      'constraint shop.shop.orders orders_pkey PRIMARY KEY (id) t',
    );
  });
});

const { SCHEMA: S, TABLE, COLUMN } = DmsTransformationTarget;
const A = DmsTransformationAction;

test('what AWS DMS renames or leaves out is copied under the names of the target, once', async () => {
  await withScene(async (scene) => {
    const source = await scene.source.client('shop');
    const target = await scene.target.client('shop');
    await source.query(`CREATE TABLE shop.lines (id serial PRIMARY KEY, "Order" int NOT NULL REFERENCES shop.orders, secret text NOT NULL);
      CREATE VIEW shop.ordered AS SELECT "Order" FROM shop.lines;
      CREATE TABLE audit.calls (id int PRIMARY KEY)`);
    const transformations = [
      { target: S, action: A.RENAME, schema: 'shop', value: 'store' },
      { target: TABLE, action: A.RENAME, schema: 'shop', table: 'lines', value: 'items' },
      {
        target: COLUMN,
        action: A.RENAME,
        schema: 'shop',
        table: 'lines',
        column: 'Order',
        value: 'of',
      },
      { target: COLUMN, action: A.REMOVE_COLUMN, schema: 'shop', table: 'lines', column: 'secret' },
      { target: S, action: A.RENAME, schema: 'audit', value: 'public' },
    ];
    const both = { transformations, schemas: ['audit', 'shop'] };
    await target.query('CREATE SCHEMA store');
    await expect(scene.send(both)).rejects.toThrow(
      /^schema copy 'standby\/shop' to 'aurora' must succeed, got Failed: psql:[^ ]*rename\.sql:\d+: ERROR: {2}schema "store" already exists\nCONTEXT: [\s\S]*; mend what it says and deploy again$/,
    );
    expect(await scene.schemas()).toEqual([]);
    await target.query('DROP SCHEMA store; CREATE SCHEMA shop CREATE TABLE mine (id int)');
    await expect(scene.send(both)).rejects.toThrow(
      new Error(
        `schema copy 'standby/shop' to 'aurora' cannot be made, got tables in "shop" that somebody else made; drop the schema there, or take it as it is with 'adopt: true'`,
      ),
    );
    await target.query('DROP SCHEMA shop CASCADE');
    await scene.send(both);
    const sent = scene.commands();
    await scene.send({ ...both, requestType: 'Update' });
    expect(scene.commands()).toBe(sent);
    const there = await describeSchemas(target, ['shop', 'audit', 'store', 'public']);
    expect(there.filter((line) => /^(column|constraint|view|sequence)/.test(line))).toEqual([
      'column public.calls.id integer t    -  1',
      'column public.events.id integer t    -  1',
      "column store.items.id integer t nextval('store.lines_id_seq'::regclass)   -  1",
      'column store.items.of integer t    -  2',
      'column store.ordered."Order" integer f    -  1',
      'column store.orders.id integer t    -  1',
      'constraint public.calls calls_pkey PRIMARY KEY (id) t',
      'constraint public.events events_pkey PRIMARY KEY (id) t',
      'constraint store.store.items "lines_Order_fkey" FOREIGN KEY (of) REFERENCES store.orders(id) t',
      'constraint store.store.items lines_pkey PRIMARY KEY (id) t',
      'constraint store.store.orders orders_pkey PRIMARY KEY (id) t',
      'sequence store.lines_id_seq integer 1 1 1 f',
      'view store.ordered  SELECT of AS "Order"\n   FROM store.items;',
    ]);
  });
});

test('what the copy renames is called as whoever compares expects it', async () => {
  await withScene(async (scene) => {
    const source = await scene.source.client('shop');
    const target = await scene.target.client('shop');
    const actions: readonly (readonly [DmsTransformationAction, string?, string?])[] = [
      [A.CONVERT_LOWERCASE],
      [A.CONVERT_UPPERCASE],
      [A.ADD_PREFIX, 'a%_'],
      [A.REMOVE_PREFIX, 'Old_'],
      [A.REMOVE_PREFIX, 'New_'],
      [A.REPLACE_PREFIX, 'Newer_', 'Old_'],
      [A.ADD_SUFFIX, "'s"],
      [A.REMOVE_SUFFIX, '_v1'],
      [A.REPLACE_SUFFIX, '_v2', '_v1'],
      [A.REPLACE_SUFFIX, '_v2', '_v3'],
    ];
    const transformations = actions.flatMap(([action, value, oldValue], index) => {
      const rest = { ...(value ? { value } : {}), ...(oldValue === undefined ? {} : { oldValue }) };
      return [S, TABLE, COLUMN].map((kind) => ({
        target: kind,
        action,
        schema: `Old_${index}_v1`,
        ...rest,
      }));
    });
    const schemas = actions.map((_, index) => `Old_${index}_v1`);
    const table = 'Old_Tables_v1';
    const column = 'Old_Column_v1';
    for (const schema of schemas)
      await source.query(`CREATE SCHEMA "${schema}" CREATE TABLE "${table}" ("${column}" int)`);
    await scene.send({ schemas, transformations });
    const names = targetNames(transformations);
    const { rows } = await target.query<{ readonly name: string }>(
      `SELECT concat_ws('.', table_schema, table_name, column_name) AS name FROM information_schema.columns WHERE table_schema ~* 'old|^a%|^newer|^\\d' ORDER BY 1`,
    );
    expect(rows.map(({ name }) => name).sort()).toEqual(
      schemas
        .map((schema) => {
          const there = names.table({ schema, name: table });
          return `${there.schema}.${there.name}.${names.column({ schema, name: table }, column)}`;
        })
        .sort(),
    );
  });
});
