import {
  type AcceptedFinding,
  PontoonError,
  type PreflightReport,
  Problems,
  preflightExitCode,
  Reader,
  readConnection,
  readHba,
  readTopology,
  renderObstacles,
  renderPreflight,
  type SecretStore,
} from '../postgres';
import { runPreflight, withConnection } from '../runner';
import type { ResourceHandler, ResourceResult } from './resource';

/** Checks one server when it is created or its topology changes; there is nothing to delete. */
export function preflightHandler(secrets: SecretStore): ResourceHandler {
  return async (event, context): Promise<ResourceResult> => {
    const { server, connection, acceptUnchecked, ...given } = readProperties(event.properties);
    const physicalResourceId = `preflight/${encodeURIComponent(server)}`;
    if (event.requestType === 'Delete') return { physicalResourceId, data: {} };
    const options = { purpose: 'preflight', readOnly: true, statementTimeoutMs: 60_000 };
    const report = await withConnection(
      connection,
      secrets,
      options,
      async (client) => await runPreflight(client, { server, ...given }),
    );
    context.log(renderPreflight(report, { listedObjects: Number.POSITIVE_INFINITY }));
    refuseUnready(report, acceptUnchecked);
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
    hba: reader.optionalText('hba'),
  };
  reader.refuseTheRest();
  problems.throwIfAny('the resource');
  const { hba, topology, ...rest } = read;
  return {
    ...rest,
    topology: readTopology(JSON.parse(topology)),
    ...(hba === undefined ? {} : { access: readHba(hba) }),
  };
}

function readAccepted(reader: Reader): AcceptedFinding {
  const object = reader.optionalText('object');
  return { check: reader.text('check'), ...(object === undefined ? {} : { object }) };
}

/** CloudFormation shows the beginning of the reason: what is missing, with what mends it, and nothing of what passed. */
function refuseUnready(report: PreflightReport, acceptUnchecked: boolean): void {
  const exitCode = preflightExitCode([report]);
  if (exitCode === 0 || (exitCode === 3 && acceptUnchecked)) return;
  throw new PontoonError(
    'NOT_READY',
    renderObstacles(report, "the function's log has the whole report"),
  );
}
