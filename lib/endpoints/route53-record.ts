import type { Change, ResourceRecordSet, Route53Client } from '@aws-sdk/client-route-53';
import { type Endpoint, type EndpointCall, type Route53RecordSpec, sideOf } from '../postgres';
import { asking, isNamed, notSwitched, reasonOf, unknownSide } from './endpoint-error';
import { until } from './until';

/** The part of the SDK that is used here, loaded when it is first needed. */
type Sdk = typeof import('@aws-sdk/client-route-53');

const ACTIONS = [
  'route53:ListResourceRecordSets',
  'route53:ChangeResourceRecordSets',
  'route53:GetChange',
];

/**
 * A CNAME record of Route 53. The change is atomic and refused if somebody changed the record meanwhile; `activate`
 * returns once it is accepted, after which nothing but time is needed: AWS says that its name servers mostly have it
 * within a minute, which `untilEverywhere` waits for. Resolvers may remember the old one for the record's TTL more.
 */
export class Route53Record implements Endpoint {
  private loaded: Promise<readonly [Sdk, Route53Client]> | undefined;

  constructor(
    private readonly spec: Route53RecordSpec,
    private readonly timeoutMs: number,
  ) {}

  public async active({ signal }: EndpointCall = {}): Promise<string> {
    return this.requireSide(await this.read(signal));
  }

  public async activate(server: string, { signal }: EndpointCall = {}): Promise<void> {
    // A server that is no side is refused before anything is asked.
    sideOf(this.spec.sides, server);
    const current = await this.read(signal);
    this.requireSide(current);
    await this.change(current, server, signal);
    const now = await this.active({ signal });
    if (now === server) return;
    throw notSwitched(
      this.spec,
      server,
      `'${now}' again`,
      'somebody else changed it: agree who does',
    );
  }

  public async untilEverywhere(server: string, { signal }: EndpointCall = {}): Promise<void> {
    const current = await this.read(signal);
    const side = this.requireSide(current);
    if (side !== server)
      throw notSwitched(this.spec, server, `'${side}'`, 'somebody else changed it: agree who does');
    // The same once more: its change comes after the one that is waited for, whoever made that.
    const change = await this.change(current, server, signal);
    await this.untilInSync(change, server, signal);
  }

  private async read(signal: AbortSignal | undefined): Promise<ResourceRecordSet | undefined> {
    const { hostedZoneId, recordName } = this.spec;
    return await this.ask(signal, async (sdk, client) => {
      const { ResourceRecordSets = [] } = await client.send(
        new sdk.ListResourceRecordSetsCommand({
          HostedZoneId: hostedZoneId,
          StartRecordName: recordName,
          StartRecordType: 'CNAME',
          MaxItems: 1,
        }),
        { abortSignal: signal },
      );
      // The list goes on with the next record when there is none of this name.
      return ResourceRecordSets.find(
        ({ Name, Type }) => Type === 'CNAME' && plain(Name) === plain(recordName),
      );
    });
  }

  private requireSide(record: ResourceRecordSet | undefined): string {
    const values = (record?.ResourceRecords ?? []).map(({ Value }) => plain(Value));
    const side = Object.entries(this.spec.sides).find(
      ([, host]) => values.length === 1 && plain(host) === values[0],
    );
    if (side !== undefined && record?.SetIdentifier === undefined) return side[0];
    throw unknownSide(this.spec, (server) => `'${sideOf(this.spec.sides, server)}'`, told(record));
  }

  private async change(
    current: ResourceRecordSet | undefined,
    server: string,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const { recordName, ttlSeconds } = this.spec;
    const host = sideOf(this.spec.sides, server);
    const wanted: ResourceRecordSet = {
      Name: recordName,
      Type: 'CNAME',
      TTL: ttlSeconds,
      ResourceRecords: [{ Value: host }],
    };
    // A DELETE of exactly the old record makes the batch fail if it is another one by now. The record that is there
    // already is written again, so that a change which was cut off before can be waited for.
    const changes: Change[] = isAt(current, host)
      ? [{ Action: 'UPSERT', ResourceRecordSet: wanted }]
      : [
          { Action: 'DELETE', ResourceRecordSet: current },
          { Action: 'CREATE', ResourceRecordSet: wanted },
        ];
    try {
      return await this.send(changes, signal);
    } catch (error) {
      if (!(error instanceof Error && isNamed(error.cause, 'InvalidChangeBatch'))) throw error;
      // The SDK repeats a call whose answer was lost, and the repeated one finds the work done.
      if (isAt(await this.read(signal), host))
        return await this.send([{ Action: 'UPSERT', ResourceRecordSet: wanted }], signal);
      throw notSwitched(
        this.spec,
        server,
        reasonOf(error.cause),
        'somebody else changed it: look who, and try again',
        error.cause,
      );
    }
  }

  private async send(changes: Change[], signal: AbortSignal | undefined): Promise<string> {
    return await this.ask(signal, async (sdk, client) => {
      const { ChangeInfo } = await client.send(
        new sdk.ChangeResourceRecordSetsCommand({
          HostedZoneId: this.spec.hostedZoneId,
          ChangeBatch: { Comment: 'switched by pontoon', Changes: changes },
        }),
        { abortSignal: signal },
      );
      return ChangeInfo?.Id?.replace('/change/', '') ?? '';
    });
  }

  private async untilInSync(
    change: string,
    server: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const status = await until(
      () =>
        this.ask(signal, async (sdk, client) => {
          const { ChangeInfo } = await client.send(new sdk.GetChangeCommand({ Id: change }), {
            abortSignal: signal,
          });
          return ChangeInfo?.Status;
        }),
      (found) => found === 'INSYNC',
      { timeoutMs: this.timeoutMs, signal },
    );
    if (status === 'INSYNC') return;
    throw notSwitched(
      this.spec,
      server,
      `change '${change}' still ${status} after ${this.timeoutMs / 1000} s`,
      'it was accepted and comes later: wait for it, or switch back',
    );
  }

  private async ask<Answer>(
    signal: AbortSignal | undefined,
    call: (sdk: Sdk, client: Route53Client) => Promise<Answer>,
  ): Promise<Answer> {
    const { spec } = this;
    return await asking(
      { spec, service: 'Amazon Route 53', actions: ACTIONS },
      signal,
      async () => {
        this.loaded ??= load();
        return await call(...(await this.loaded));
      },
    );
  }
}

async function load(): Promise<readonly [Sdk, Route53Client]> {
  const sdk = await import('@aws-sdk/client-route-53');
  return [sdk, new sdk.Route53Client({})];
}

/** Whether a record leads to `host`. */
function isAt(record: ResourceRecordSet | undefined, host: string): boolean {
  return plain(record?.ResourceRecords?.[0]?.Value) === plain(host);
}

/** A name as it can be compared: Route 53 adds a dot, and lower case. */
function plain(name: string | undefined): string {
  return (name ?? '').toLowerCase().replace(/\.$/, '');
}

function told(record: ResourceRecordSet | undefined): string {
  if (record === undefined) return 'no such CNAME record';
  if (record.SetIdentifier !== undefined)
    return `a record of a routing policy, set '${record.SetIdentifier}'`;
  const values = (record.ResourceRecords ?? []).map(({ Value }) => `'${Value}'`);
  return values.length === 0 ? 'an alias' : values.join(', ');
}
