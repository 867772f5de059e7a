import { isRecord } from '../assembly';
import type { StandIn } from '../servers';
import type { OciCall, OciRoute } from './oci-endpoint';
import { noMatch, notFound } from './oci-error';

/** What takes the place of private zones of OCI DNS. Each behaviour is the name of a test. */
export const PRIVATE_DNS_STAND_IN: StandIn = {
  name: 'OCI DNS',
  reason: 'it runs only in OCI; programs reach this one through PONTOON_OCI_ENDPOINT',
  behaviours: [
    'the records of a name are read, and replaced as a whole',
    'records that changed since they were read are not replaced',
    'an unknown zone, view or name is refused',
  ],
  notReproduced: [
    'resolvers that remember a record for its TTL',
    'other regions, and public zones',
  ],
};

/** An A record of a private zone. */
export interface PrivateRecord {
  readonly address: string;
  /** Seconds. */
  readonly ttl: number;
}

interface RecordSet {
  readonly records: readonly PrivateRecord[];
  readonly version: number;
}

/** A stand-in for private zones of OCI DNS: A records only. */
export class PrivateZones {
  private readonly sets = new Map<string, RecordSet>();

  /** Writes the records of a name. */
  public put(
    zoneId: string,
    viewId: string,
    name: string,
    records: readonly PrivateRecord[],
  ): void {
    const key = keyOf(zoneId, viewId, name);
    this.sets.set(key, { records, version: (this.sets.get(key)?.version ?? 0) + 1 });
  }

  /** The records of a name. */
  public find(zoneId: string, viewId: string, name: string): readonly PrivateRecord[] {
    return this.sets.get(keyOf(zoneId, viewId, name))?.records ?? [];
  }

  /** What it answers. */
  public get routes(): OciRoute[] {
    const path = /^\/20180115\/zones\/([^/]+)\/records\/([^/]+)\/A$/;
    return [
      { method: 'GET', path, answer: (call) => this.answer(call) },
      { method: 'PUT', path, answer: (call) => this.replace(call) },
    ];
  }

  private replace(call: OciCall) {
    const { name, zoneId, viewId } = namedBy(call);
    const { version } = this.setOf(call);
    if (call.headers['if-match'] !== undefined && call.headers['if-match'] !== String(version))
      throw noMatch(name);
    this.put(zoneId, viewId, name, itemsOf(call.body));
    return this.answer(call);
  }

  private answer(call: OciCall) {
    const { records, version } = this.setOf(call);
    const { name: domain } = namedBy(call);
    const items = records.map(({ address: rdata, ttl }) => ({ domain, rtype: 'A', rdata, ttl }));
    return { body: { items }, headers: { etag: String(version) } };
  }

  private setOf(call: OciCall): RecordSet {
    const { name, zoneId, viewId } = namedBy(call);
    const found = this.sets.get(keyOf(zoneId, viewId, name));
    if (found === undefined) throw notFound(`record ${name}`);
    return found;
  }
}

function namedBy({ path: [zoneId = '', name = ''], query }: OciCall) {
  return {
    zoneId,
    name,
    viewId: query.get('scope') === 'PRIVATE' ? (query.get('viewId') ?? '') : '',
  };
}

function itemsOf(body: unknown): PrivateRecord[] {
  const items = isRecord(body) && Array.isArray(body.items) ? body.items : [];
  return items
    .filter(isRecord)
    .map(({ rdata, ttl }) => ({ address: String(rdata), ttl: Number(ttl) }));
}

function keyOf(zoneId: string, viewId: string, name: string): string {
  return JSON.stringify([zoneId, viewId, name.toLowerCase().replace(/\.$/, '')]);
}
