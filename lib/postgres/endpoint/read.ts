import { Problems } from '../errors';
import { Reader } from '../reader';
import { hostProblem, type Rule, rdsNameProblem } from './names';
import { readLoadBalancer, readPrivateRecord } from './read-oci';
import { comparableHost, readSides, readTexts, refuseIf, refuseSame, refuseSides } from './sides';
import type {
  CommandEndpointSpec,
  EndpointSpec,
  RdsProxySpec,
  Route53RecordSpec,
  SecretEndpointSpec,
  SecretSide,
} from './spec';

const KINDS = [
  'route53-record',
  'secret',
  'rds-proxy',
  'oci-network-load-balancer',
  'oci-private-dns-record',
  'command',
] as const;
const DEFAULT_TTL_SECONDS = 5;
const LONGEST_TTL_SECONDS = 2_147_483_647;

/**
 * Reads an endpoint out of plain data, as it stands in a file or in the properties that CloudFormation sends.
 *
 * @throws ValidationError with all problems of it.
 */
export function parseEndpoint(input: unknown): EndpointSpec {
  const problems = new Problems();
  const reader = new Reader(input, 'endpoint', problems);
  const spec = readEndpoint(reader);
  reader.refuseTheRest();
  problems.throwIfAny('endpoint');
  return spec;
}

/** Reads an endpoint. Problems go to the reader's list. */
export function readEndpoint(reader: Reader): EndpointSpec {
  const kind = reader.choice('kind', KINDS);
  switch (kind) {
    case 'route53-record':
      return readRecord(reader);
    case 'secret':
      return readSecret(reader);
    case 'rds-proxy':
      return readProxy(reader);
    case 'oci-network-load-balancer':
      return readLoadBalancer(reader);
    case 'oci-private-dns-record':
      return readPrivateRecord(reader);
    case 'command':
      return readCommand(reader);
  }
}

function readRecord(reader: Reader): Route53RecordSpec {
  const spec: Route53RecordSpec = {
    kind: 'route53-record',
    hostedZoneId: reader.text('hostedZoneId'),
    recordName: reader.text('recordName'),
    ttlSeconds: reader.optionalInteger('ttlSeconds', 0) ?? DEFAULT_TTL_SECONDS,
    sides: readTexts(reader, hostProblem),
  };
  if (spec.hostedZoneId !== '' && !/^Z[A-Z0-9]{1,31}$/.test(spec.hostedZoneId)) {
    reader.refuse(
      'hostedZoneId',
      "must be a hosted zone's id, Z with capitals and digits",
      'copy it from the zone',
    );
  }
  if (spec.ttlSeconds > LONGEST_TTL_SECONDS)
    reader.refuse('ttlSeconds', `must be at most ${LONGEST_TTL_SECONDS}`, 'use a few seconds');
  refuseIf(reader, 'recordName', hostProblem(spec.recordName));
  refuseSame(reader, Object.values(spec.sides).map(comparableHost));
  return spec;
}

function readSecret(reader: Reader): SecretEndpointSpec {
  const spec: SecretEndpointSpec = {
    kind: 'secret',
    secret: reader.text('secret'),
    sides: readSides(reader, (sides, server) => sides.object(server, readSecretSide)),
  };
  const sides = Object.values(spec.sides);
  const named = sides.filter(({ database }) => database !== undefined);
  if (named.length > 0 && named.length < sides.length) {
    refuseSides(
      reader,
      "must give 'database' for both sides or for none, got one; complete or remove it, or a switch back keeps the other's database",
    );
  }
  refuseSame(
    reader,
    sides.map(({ host, port, database }) => [comparableHost(host), port, database].join(' ')),
  );
  return spec;
}

function readSecretSide(reader: Reader): SecretSide {
  const host = reader.text('host');
  const port = reader.integer('port', 1);
  const database = reader.optionalText('database');
  if (port > 65_535) reader.refuse('port', 'must be at most 65535', 'correct it');
  return { host, port, ...(database === undefined ? {} : { database }) };
}

function readProxy(reader: Reader): RdsProxySpec {
  const spec: RdsProxySpec = {
    kind: 'rds-proxy',
    proxy: reader.text('proxy'),
    targetGroup: reader.optionalText('targetGroup') ?? 'default',
    sides: readTexts(reader, rdsNameProblem),
  };
  refuseIf(reader, 'proxy', rdsNameProblem(spec.proxy));
  refuseSame(
    reader,
    Object.values(spec.sides).map((cluster) => cluster.toLowerCase()),
  );
  return spec;
}

function readCommand(reader: Reader): CommandEndpointSpec {
  const spec: CommandEndpointSpec = {
    kind: 'command',
    activate: reader.texts('activate'),
    active: reader.texts('active'),
    sides: readTexts(reader, lineProblem),
  };
  for (const key of ['activate', 'active'] as const) {
    const [program = ''] = spec[key];
    if (program === '')
      reader.refuse(key, 'must name a program', 'write it as ["program", "argument", …]');
    if (program.includes('{side}'))
      reader.refuse(key, "cannot choose the program by '{side}'", 'put it into an argument');
    if (spec[key].some((argument) => argument.includes('\0')))
      reader.refuse(key, 'cannot hold a NUL character', 'remove it');
  }
  refuseSame(reader, Object.values(spec.sides));
  return spec;
}

function lineProblem(text: string): Rule | undefined {
  if (text === '' || /^\S+$/.test(text)) return undefined;
  return ['must be one word', 'the command prints it as a line of its own; use no spaces'];
}
