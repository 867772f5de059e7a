import type { DnsClient, models as model } from 'oci-dns';
import {
  type Endpoint,
  type EndpointCall,
  type OciPrivateDnsRecordSpec,
  sideOf,
} from '../postgres';
import { asking, notSwitched, reasonOf, unknownSide } from './endpoint-error';
import { ociAnswer, ociSession, placed, statusOf } from './oci-session';

const POLICIES = ['use dns-records in compartment …'];

/** The records of a name as they were read, and what tells whether they are still those. */
interface ReadRecords {
  readonly items: readonly model.Record[];
  readonly etag: string | undefined;
}

/**
 * An A record in a private zone of OCI DNS. The change is atomic and refused if somebody changed the record meanwhile.
 * Resolvers may remember the old one for the record's TTL.
 *
 * @see https://docs.oracle.com/en-us/iaas/api/#/en/dns/20180115/RRSet/UpdateRRSet
 */
export class OciPrivateDnsRecord implements Endpoint {
  private loaded: Promise<readonly [typeof import('oci-dns'), DnsClient]> | undefined;

  constructor(private readonly spec: OciPrivateDnsRecordSpec) {}

  public async active({ signal }: EndpointCall = {}): Promise<string> {
    return this.requireSide(await this.read(signal));
  }

  public async activate(server: string, { signal }: EndpointCall = {}): Promise<void> {
    const address = sideOf(this.spec.sides, server);
    const records = await this.read(signal);
    const isThere = this.requireSide(records) === server;
    if (isThere && records.items.every(({ ttl }) => ttl === this.spec.ttlSeconds)) return;
    await this.update(address, records.etag, server, signal);
    const now = await this.active({ signal });
    if (now === server) return;
    const wayOut = 'somebody else changed it: agree who does';
    throw notSwitched(this.spec, server, `'${now}' again`, wayOut);
  }

  private requireSide({ items }: ReadRecords): string {
    const side = Object.entries(this.spec.sides).find(
      ([, address]) => items.length === 1 && items[0]?.rdata === address,
    );
    if (side !== undefined) return side[0];
    throw unknownSide(
      this.spec,
      (server) => `'${sideOf(this.spec.sides, server)}'`,
      items.map(({ rdata }) => `'${rdata}'`).join(', ') || 'no such A record',
    );
  }

  private async read(signal: AbortSignal | undefined): Promise<ReadRecords> {
    return await this.ask(signal, async (sdk, client) => {
      try {
        const { rRSet, eTag } = await client.getRRSet(this.recordsOf(sdk));
        return { items: rRSet.items ?? [], etag: eTag };
      } catch (error) {
        if (statusOf(error) !== 404) throw error;
        return { items: [], etag: undefined };
      }
    });
  }

  private async update(
    address: string,
    etag: string | undefined,
    server: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { recordName, ttlSeconds } = this.spec;
    const items = [{ domain: recordName, rtype: 'A', rdata: address, ttl: ttlSeconds }];
    await this.ask(signal, (sdk, client) =>
      client.updateRRSet({
        ...this.recordsOf(sdk),
        updateRRSetDetails: { items },
        ...(etag === undefined ? {} : { ifMatch: etag }),
      }),
    ).catch((error: unknown) => {
      if (!(error instanceof Error && statusOf(error.cause) === 412)) throw error;
      const wayOut = 'somebody else changed it: look who, and try again';
      throw notSwitched(this.spec, server, reasonOf(error.cause), wayOut, error.cause);
    });
  }

  private recordsOf(sdk: typeof import('oci-dns')) {
    const { zoneId, viewId, recordName } = this.spec;
    return {
      zoneNameOrId: zoneId,
      viewId,
      scope: sdk.models.Scope.Private,
      domain: recordName,
      rtype: 'A',
    };
  }

  private async ask<Answer>(
    signal: AbortSignal | undefined,
    call: (sdk: typeof import('oci-dns'), client: DnsClient) => Promise<Answer>,
  ): Promise<Answer> {
    const { spec } = this;
    return await asking({ spec, service: 'OCI DNS', actions: POLICIES }, signal, async () => {
      this.loaded ??= load(spec);
      const [sdk, client] = await this.loaded;
      return await ociAnswer(() => call(sdk, client), signal);
    });
  }
}

async function load({
  region,
  zoneId,
}: OciPrivateDnsRecordSpec): Promise<readonly [typeof import('oci-dns'), DnsClient]> {
  const { authenticationDetailsProvider, configuration, regionOf } = await ociSession();
  const sdk = await import('oci-dns');
  const client = new sdk.DnsClient({ authenticationDetailsProvider }, configuration);
  return [sdk, placed(client, region ?? regionOf(zoneId))];
}
