import {
  type AcceptedFinding,
  PontoonError,
  type PreflightReport,
  Problems,
  preflightExitCode,
  Reader,
  readConnection,
  readTopology,
  renderPreflight,
  type SecretStore,
} from '../postgres';
import { runPreflight, withConnection } from '../runner';
import type { ResourceHandler, ResourceResult } from './resource';

/** Checks one server when it is created or its topology changes; there is nothing to delete. */
export function preflightHandler(secrets: SecretStore): ResourceHandler {
  return async (event, context): Promise<ResourceResult> => {
    const { server, connection, topology, accept, acceptUnchecked } = readProperties(
      event.properties,
    );
    const physicalResourceId = `preflight/${encodeURIComponent(server)}`;
    if (event.requestType === 'Delete') return { physicalResourceId, data: {} };
    const options = { purpose: 'preflight', readOnly: true, statementTimeoutMs: 60_000 };
    const report = await withConnection(
      connection,
      secrets,
      options,
      async (client) => await runPreflight(client, { topology, server, accept }),
    );
    const text = renderPreflight(report);
    context.log(text);
    refuseUnready(report, text, acceptUnchecked);
    return { physicalResourceId, data: { queries: String(report.queries) } };
  };
}

function readProperties(input: unknown) {
  const problems = new Problems();
  const reader = new Reader(input, 'properties', problems);
  const read = {
    server: reader.text('server'),
    connection: reader.object('connection', readConnection),
    topology: reader.text('topology'),
    accept: reader.list('accept', readAccepted),
    acceptUnchecked: reader.flag('acceptUnchecked', false),
  };
  reader.refuseTheRest();
  problems.throwIfAny('the resource');
  return { ...read, topology: readTopology(JSON.parse(read.topology)) };
}

function readAccepted(reader: Reader): AcceptedFinding {
  const object = reader.optionalText('object');
  return { check: reader.text('check'), ...(object === undefined ? {} : { object }) };
}

/** CloudFormation shows the reason: everything that is missing, with what mends it, but no lines for what passed. */
function refuseUnready(report: PreflightReport, text: string, acceptUnchecked: boolean): void {
  const exitCode = preflightExitCode([report]);
  if (exitCode === 0 || (exitCode === 3 && acceptUnchecked)) return;
  const lines = text.trimEnd().split('\n');
  throw new PontoonError('NOT_READY', lines.filter((line) => !/^passed\b/.test(line)).join('\n'));
}
