import type { Client } from 'pg';
import {
  anyCutover,
  beat,
  type Connection,
  Problems,
  Reader,
  type Reading,
  readConnection,
  readMetrics,
  readNothing,
  readWatchPoint,
  type SecretStore,
  type Statement,
  type SwitchedOff,
  sql,
  stillOn,
  switchedOff,
  type WatchPoint,
  type WatchRow,
  watchSql,
} from '../postgres';
import { run, runOne, withConnection } from '../runner';
import { embeddedMetrics } from './embedded-metrics';
import type { ResourceContext } from './resource';

/** What the schedule of the metrics sends. */
export interface MetricsEvent {
  readonly pontoon: 'metrics';
  readonly [property: string]: unknown;
}

interface MetricsProperties {
  readonly namespace: string;
  readonly migration: string;
  readonly servers: readonly WatchedServer[];
  /** The servers on which the heartbeat is written, before anything is measured. */
  readonly beats: readonly string[];
  /** The servers that tell their standbys of running transactions, for which new slots there wait. */
  readonly pulses: readonly string[];
}

interface WatchedServer {
  readonly connection: Connection;
  readonly watch: WatchPoint;
}

/** Whether `event` is the schedule's. */
export function isMetricsEvent(event: object): event is MetricsEvent {
  return 'pontoon' in event && event.pontoon === 'metrics';
}

/**
 * Measures every server and prints what it found. A server that is down does not keep the others from being measured.
 * Throws a ValidationError if the event is wrong.
 */
export async function publishMetrics(
  event: MetricsEvent,
  secrets: SecretStore,
  context: Pick<ResourceContext, 'log'>,
): Promise<void> {
  const properties = readProperties(event);
  const { namespace, migration, servers } = properties;
  const publish = async (server: WatchedServer): Promise<void> => {
    const reading = await measure(server, properties, secrets);
    const target = { namespace, migration, timestamp: Date.now() };
    for (const line of embeddedMetrics(reading, target)) context.log(line);
  };
  // The heartbeat has to be on its way before its age is asked for elsewhere.
  const beating = ({ watch }: WatchedServer): boolean => writesTo(watch, properties);
  await Promise.all(servers.filter(beating).map(publish));
  await Promise.all(servers.filter((server) => !beating(server)).map(publish));
}

async function measure(
  { connection, watch }: WatchedServer,
  properties: MetricsProperties,
  secrets: SecretStore,
): Promise<Reading> {
  const writes = writesTo(watch, properties);
  const options = { purpose: 'metrics', statementTimeoutMs: 20_000, readOnly: !writes };
  let connected = false;
  try {
    return await withConnection(connection, secrets, options, async (client) => {
      connected = true;
      const failed = await tell(client, watch, properties);
      // json_agg and float8 arrive parsed; the query's columns are those of WatchRow.
      const on = stillOn(watch, await switchedOffAt(client, watch.server));
      const row = (await runOne(client, watchSql(on))) as unknown as WatchRow;
      return withFailures(readMetrics(on, row), failed);
    });
  } catch (error) {
    return readNothing(watch, { down: !connected, reason: reasonOf(error) });
  }
}

/** What a cutover left behind is no failure, and rings no alarm. */
async function switchedOffAt(client: Client, server: string): Promise<readonly SwitchedOff[]> {
  if ((await runOne(client, anyCutover()))?.prepared !== true) return [];
  return (await run(client, switchedOff(server))) as unknown as readonly SwitchedOff[];
}

function writesTo({ server }: WatchPoint, { beats, pulses }: MetricsProperties): boolean {
  return beats.includes(server) || pulses.includes(server);
}

/** Writes the heartbeat, and what new slots wait for. Says what failed. */
async function tell(
  client: Client,
  { server, heartbeat }: WatchPoint,
  { beats, pulses }: MetricsProperties,
): Promise<string[]> {
  const steps: (readonly [string, Statement])[] = [];
  if (beats.includes(server)) steps.push(['Heartbeat', beat(heartbeat)]);
  if (pulses.includes(server))
    steps.push(['StandbySnapshot', sql('SELECT pg_catalog.pg_log_standby_snapshot()')]);
  const failed: string[] = [];
  for (const [what, statement] of steps) {
    try {
      await run(client, statement);
    } catch (error) {
      failed.push(`${what}: ${reasonOf(error)}`);
    }
  }
  return failed;
}

function withFailures(reading: Reading, failed: readonly string[]): Reading {
  return {
    metrics: reading.metrics.map((metric) =>
      metric.name === 'Unreadable' ? { ...metric, value: metric.value + failed.length } : metric,
    ),
    unreadable: [...failed, ...reading.unreadable],
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an unknown error';
}

function readProperties(event: MetricsEvent): MetricsProperties {
  const problems = new Problems();
  const reader = new Reader(event, '', problems);
  reader.choice('pontoon', ['metrics']);
  const certificates = reader.textMap('certificates');
  const properties = reader.object('run', (nested) => ({
    namespace: nested.text('namespace'),
    migration: nested.text('migration'),
    servers: nested.list('servers', (server) => ({
      connection: server.object('connection', (fields) =>
        readConnection(withCertificate(fields, certificates, problems)),
      ),
      watch: server.object('watch', readWatchPoint),
    })),
    beats: nested.texts('beats'),
    pulses: nested.texts('pulses'),
  }));
  reader.refuseTheRest();
  problems.throwIfAny('the event of the metrics');
  return properties;
}

/** Certificates that are known only at deployment stand beside the rest, and are empty where they belong. */
function withCertificate(
  fields: Reader,
  certificates: Readonly<Record<string, string>>,
  problems: Problems,
): Reader {
  const connection = fields.everything();
  const beside = certificates[String(connection.server)];
  const known = connection.caCertificate !== '' || beside === undefined;
  return new Reader(
    known ? connection : { ...connection, caCertificate: beside },
    'connection',
    problems,
  );
}
