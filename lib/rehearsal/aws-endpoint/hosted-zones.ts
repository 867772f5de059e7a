import { randomBytes } from 'node:crypto';
import { isRecord } from '../assembly';
import type { StandIn } from '../servers';
import { AwsServiceError } from './aws-error';
import { parseXml, renderXml, type XmlCall, type XmlRequest } from './xml';

/** What takes the place of Amazon Route 53. Each behaviour is the name of a test. */
export const ROUTE53_STAND_IN: StandIn = {
  name: 'Amazon Route 53',
  reason: 'it runs only in AWS; functions reach this one through AWS_ENDPOINT_URL',
  behaviours: [
    'records are listed in the order of DNS, from a name and a type on',
    'a batch of changes is made as a whole or not at all',
    'what is created must be new, and what is deleted must be there as it is said',
    'a change is pending when it is accepted, and in sync when its time has passed',
    'an unknown zone or change is refused',
  ],
  notReproduced: [
    'resolvers that remember a record for its TTL',
    'the seconds until every name server has a change, unless they are asked for',
    'routing policies, aliases and health checks: such records are kept and answered, not followed',
  ],
};

/** A record as Route 53 keeps it. */
export interface DnsRecord {
  /** With or without a dot at the end. */
  readonly name: string;
  readonly type: string;
  /** Seconds. */
  readonly ttl: number;
  readonly values: readonly string[];
  /** The set of a routing policy. @default - a simple record */
  readonly setIdentifier?: string;
}

interface DnsChange {
  readonly action: string;
  readonly record: DnsRecord;
}

const NAMESPACE = { '@_xmlns': 'https://route53.amazonaws.com/doc/2013-04-01/' };
const RECORDS = /^\/2013-04-01\/hostedzone\/([^/]+)\/rrset\/?$/;
const CHANGE = /^\/2013-04-01\/change\/([^/]+)$/;
const PAGE = 300;

/** A stand-in for Amazon Route 53: hosted zones with their records. */
export class HostedZones {
  private readonly zones = new Map<string, Map<string, DnsRecord>>();
  private readonly changes = new Map<string, { readonly inSyncAt: number; readonly at: Date }>();

  constructor(
    /** Milliseconds until a change is in sync. */
    private readonly propagationMs = 0,
  ) {}

  /** Whether there is any zone. */
  public get used(): boolean {
    return this.zones.size > 0;
  }

  /** Makes a hosted zone with its records. */
  public add(zone: string, records: readonly DnsRecord[] = []): void {
    this.zones.set(zone, new Map(records.map((record) => [keyOf(record), plain(record)])));
  }

  /** Puts a record into a zone, which is made if it is not there. */
  public put(zone: string, record: DnsRecord): void {
    const records = this.zones.get(zone) ?? new Map<string, DnsRecord>();
    this.zones.set(zone, records.set(keyOf(record), plain(record)));
  }

  /** The value of a simple CNAME record, or undefined if there is none. */
  public find(zone: string, name: string): string | undefined {
    const key = keyOf({ name, type: 'CNAME' });
    return this.zones.get(zone)?.get(key)?.values[0];
  }

  /** The operation that a request asks for. */
  public readonly service = ({
    method,
    path,
    parameters,
    body,
  }: XmlRequest): XmlCall | undefined => {
    const zone = RECORDS.exec(path)?.[1];
    const change = CHANGE.exec(path)?.[1];
    if (zone !== undefined && method === 'GET')
      return {
        target: 'route53.ListResourceRecordSets',
        answer: () => this.list(zone, parameters),
      };
    if (zone !== undefined && method === 'POST')
      return {
        target: 'route53.ChangeResourceRecordSets',
        answer: () => this.changeRecords(zone, body),
      };
    if (change !== undefined && method === 'GET')
      return { target: 'route53.GetChange', answer: () => this.getChange(change) };
    return undefined;
  };

  private list(zone: string, parameters: URLSearchParams): string {
    const from = orderOf({
      name: parameters.get('name') ?? '',
      type: parameters.get('type') ?? '',
    });
    const limit = Number(parameters.get('maxitems') ?? PAGE);
    const records = [...this.require(zone).values()]
      .filter((record) => orderOf(record) >= from)
      .sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
    const next = records[limit];
    return answerOf('ListResourceRecordSets', {
      ResourceRecordSets: { ResourceRecordSet: records.slice(0, limit).map(recordXml) },
      IsTruncated: next !== undefined,
      MaxItems: limit,
      ...(next === undefined ? {} : { NextRecordName: next.name, NextRecordType: next.type }),
    });
  }

  private changeRecords(zone: string, body: string): string {
    const records = new Map(this.require(zone));
    const problems = readChanges(body).flatMap((change) => applyTo(records, change));
    if (problems.length > 0)
      throw new AwsServiceError('InvalidChangeBatch', `[${problems.join(', ')}]`);
    this.zones.set(zone, records);
    const id = `C${randomBytes(10).toString('hex').toUpperCase()}`;
    this.changes.set(id, { inSyncAt: Date.now() + this.propagationMs, at: new Date() });
    return answerOf('ChangeResourceRecordSets', this.changeXml(id, 'PENDING'));
  }

  private getChange(id: string): string {
    const change = this.changes.get(id);
    if (change === undefined)
      throw new AwsServiceError(
        'NoSuchChange',
        `Could not find resource with ID: /change/${id}`,
        404,
      );
    const status = Date.now() >= change.inSyncAt ? 'INSYNC' : 'PENDING';
    return answerOf('GetChange', this.changeXml(id, status));
  }

  private changeXml(id: string, status: string): object {
    const SubmittedAt = this.changes.get(id)?.at.toISOString();
    return { ChangeInfo: { Id: `/change/${id}`, Status: status, SubmittedAt } };
  }

  private require(zone: string): ReadonlyMap<string, DnsRecord> {
    const records = this.zones.get(zone);
    if (records !== undefined) return records;
    throw new AwsServiceError('NoSuchHostedZone', `No hosted zone found with ID: ${zone}`, 404);
  }
}

/** Makes one change, or says why it cannot be made. */
function applyTo(records: Map<string, DnsRecord>, { action, record }: DnsChange): string[] {
  const key = keyOf(record);
  const current = records.get(key);
  const what = `resource record set [name='${record.name}', type='${record.type}']`;
  switch (action) {
    case 'CREATE':
      if (current !== undefined) return [`Tried to create ${what} but it already exists`];
      break;
    case 'UPSERT':
      break;
    case 'DELETE':
      if (current === undefined) return [`Tried to delete ${what} but it was not found`];
      if (JSON.stringify(plain(current)) !== JSON.stringify(plain(record)))
        return [`Tried to delete ${what} but the values provided do not match the current values`];
      records.delete(key);
      return [];
    default:
      return [`Invalid action '${action}'`];
  }
  records.set(key, record);
  return [];
}

function readChanges(body: string): DnsChange[] {
  const document = parseXml(body, ['Change', 'ResourceRecord']);
  return listAt(
    document,
    'ChangeResourceRecordSetsRequest',
    'ChangeBatch',
    'Changes',
    'Change',
  ).map((change) => {
    const set = at(change, 'ResourceRecordSet');
    const setIdentifier = at(set, 'SetIdentifier');
    const values = listAt(set, 'ResourceRecords', 'ResourceRecord');
    return {
      action: String(at(change, 'Action')),
      record: plain({
        name: String(at(set, 'Name')),
        type: String(at(set, 'Type')),
        ttl: Number(at(set, 'TTL')),
        values: values.map((value) => String(at(value, 'Value'))),
        ...(typeof setIdentifier === 'string' ? { setIdentifier } : {}),
      }),
    };
  });
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

function listAt(value: unknown, ...path: readonly string[]): unknown[] {
  const list = at(value, ...path);
  return Array.isArray(list) ? list : [];
}

function answerOf(operation: string, content: object): string {
  return renderXml({ [`${operation}Response`]: { ...NAMESPACE, ...content } });
}

function recordXml({ name, type, ttl, values, setIdentifier }: DnsRecord): object {
  return {
    Name: name,
    Type: type,
    ...(setIdentifier === undefined ? {} : { SetIdentifier: setIdentifier, Weight: 1 }),
    TTL: ttl,
    ResourceRecords: { ResourceRecord: values.map((Value) => ({ Value })) },
  };
}

/** A record as Route 53 answers it: in lower case, with a dot at the end of its name. */
function plain(record: DnsRecord): DnsRecord {
  return { ...record, name: `${record.name.toLowerCase().replace(/\.$/, '')}.` };
}

function keyOf(record: Pick<DnsRecord, 'name' | 'type' | 'setIdentifier'>): string {
  const name = record.name.toLowerCase().replace(/\.$/, '');
  return [name, record.type, record.setIdentifier ?? ''].join(' ');
}

/** Names are ordered from their last label on. */
function orderOf({ name, type }: Pick<DnsRecord, 'name' | 'type'>): string {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.').reverse();
  return [...labels, ' ', type].join('.');
}
