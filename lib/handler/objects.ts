import {
  type Connection,
  kindOf,
  lsnDistance,
  type ObjectSpec,
  PontoonError,
  Problems,
  Reader,
  readConnection,
  readSpec,
  type SecretStore,
  sql,
} from '../postgres';
import {
  apply,
  CLEAN_UP_MS,
  Deadline,
  drop,
  type Outcome,
  type ReconcileClients,
  runOne,
  waitUntil,
  withConnection,
} from '../runner';
import {
  ANSWER_MS,
  type ResourceContext,
  type ResourceEvent,
  type ResourceHandler,
} from './resource';

/** A custom resource's properties, understood. */
interface ObjectProperties {
  readonly server: string;
  readonly connection: Connection;
  readonly primary: Connection | undefined;
  /** For a subscription that reads from a standby: the two servers whose log must have met. */
  readonly upstream: { readonly standby: Connection; readonly primary: Connection } | undefined;
  readonly spec: ObjectSpec;
  readonly adopt: boolean;
}

/** Milliseconds for a standby to replay what its primary wrote last. */
const REPLAY_MS = 120_000;

/** Reconciles one object on one server. */
export function objectHandler(secrets: SecretStore): ResourceHandler {
  return async (event, context) => {
    const properties = readProperties(event.properties);
    const outcome = await reconcile(event, properties, secrets, context);
    for (const step of outcome.steps) context.log(step);
    return { physicalResourceId: physicalId(properties), data: { ...outcome.attributes } };
  };
}

async function reconcile(
  event: ResourceEvent,
  properties: ObjectProperties,
  secrets: SecretStore,
  context: ResourceContext,
): Promise<Outcome> {
  const { server, spec, adopt, upstream } = properties;
  const request = { server, spec, adopt, owner: event.owner, requestId: event.requestId };
  const deadline = deadlineOf(context);
  if (upstream !== undefined && event.requestType !== 'Delete')
    await waitForReplay(upstream, secrets, deadline);
  return await withClients(properties, secrets, deadline, async (clients) =>
    event.requestType === 'Delete'
      ? await drop(clients, secrets, request)
      : await apply(clients, secrets, request),
  );
}

/** What fails at the deadline is still taken back, and then answered. */
function deadlineOf(context: ResourceContext): Deadline {
  return Deadline.after(Math.max(1000, context.remainingMs() - CLEAN_UP_MS - ANSWER_MS));
}

async function withClients<Result>(
  { connection, primary }: ObjectProperties,
  secrets: SecretStore,
  deadline: Deadline,
  work: (clients: ReconcileClients) => Promise<Result>,
): Promise<Result> {
  const options = { purpose: 'objects', deadline };
  return await withConnection(connection, secrets, options, async (client) => {
    if (primary === undefined) return await work({ client });
    return await withConnection(
      primary,
      secrets,
      options,
      async (above) => await work({ client, primary: above }),
    );
  });
}

/** A standby knows what was published only once it has replayed it. */
async function waitForReplay(
  { standby, primary }: { readonly standby: Connection; readonly primary: Connection },
  secrets: SecretStore,
  deadline: Deadline,
): Promise<void> {
  const options = { purpose: 'replay', readOnly: true, deadline };
  const written = await withConnection(primary, secrets, options, async (client) => {
    const row = await runOne(
      client,
      sql('SELECT pg_catalog.pg_current_wal_flush_lsn()::text AS lsn'),
    );
    return String(row?.lsn);
  });
  await withConnection(standby, secrets, options, async (client) => {
    await waitUntil({
      what: `standby '${standby.server}' must replay what '${primary.server}' has written`,
      wayOut: 'look at pg_stat_wal_receiver there',
      deadlineMs: Math.min(REPLAY_MS, deadline.remainingMs()),
      probe: async () => {
        const row = await runOne(
          client,
          sql('SELECT pg_catalog.pg_last_wal_replay_lsn()::text AS lsn'),
        );
        const replayed = typeof row?.lsn === 'string' ? row.lsn : '0/0';
        return lsnDistance(written, replayed) >= 0n
          ? { done: true, value: replayed }
          : { done: false, reason: `it is at ${replayed}, short of ${written}` };
      },
    });
  });
}

function readProperties(input: unknown): ObjectProperties {
  const problems = new Problems();
  const reader = new Reader(input, 'properties', problems);
  let spec: ObjectSpec | undefined;
  reader.object('spec', (nested) => {
    problems.collect(() => {
      spec = readSpec(nested.everything());
    });
  });
  const read = {
    server: reader.text('server'),
    connection: reader.object('connection', readConnection),
    primary: reader.optionalObject('primary', readConnection),
    upstream: reader.optionalObject('upstream', (nested) => ({
      standby: nested.object('standby', readConnection),
      primary: nested.object('primary', readConnection),
    })),
    adopt: reader.flag('adopt', false),
  };
  reader.refuseTheRest();
  problems.throwIfAny('the resource');
  if (spec === undefined)
    throw new PontoonError('INVALID', "'spec' must be given, got nothing; add it");
  return { ...read, spec };
}

/** Server, database, kind and name identify an object, so that a change of any of them is a replacement. */
function physicalId({ server, connection, spec }: ObjectProperties): string {
  const id = [server, connection.database, spec.kind, kindOf(spec).name(spec)]
    .map(encodeURIComponent)
    .join('/');
  if (id.length <= 1024) return id;
  throw new PontoonError(
    'INVALID',
    `the names of server, database and object must fit into 1024 characters together, got ${id.length}; shorten them`,
  );
}
