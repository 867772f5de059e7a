import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import {
  AwsEndpointStandIn,
  type DnsRecord,
  HostedZones,
} from '../../../lib/rehearsal/aws-endpoint';

const ZONE = 'Z0123456789ABC';
let endpoint: AwsEndpointStandIn;
let client: Route53Client;

beforeEach(async () => {
  endpoint = await AwsEndpointStandIn.start();
  client = new Route53Client({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
});

afterEach(() => endpoint.close());

function zones(records: readonly DnsRecord[], propagationMs = 0): HostedZones {
  const made = new HostedZones(propagationMs);
  made.add(ZONE, records);
  endpoint.registerXml(made.service);
  return made;
}

const cname = (name: string, value: string): DnsRecord => ({
  name,
  type: 'CNAME',
  ttl: 5,
  values: [value],
});

const change = (...changes: readonly [ChangeAction, string, string][]) =>
  client.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId: ZONE,
      ChangeBatch: {
        Changes: changes.map(([Action, Name, Value]) => ({
          Action,
          ResourceRecordSet: { Name, Type: 'CNAME', TTL: 5, ResourceRecords: [{ Value }] },
        })),
      },
    }),
  );

test('records are listed in the order of DNS, from a name and a type on', async () => {
  zones([
    cname('z.example', 'last.example'),
    cname('DB.shop.example.', 'a.example'),
    { ...cname('a.shop.example', 'x'), type: 'TXT', setIdentifier: 'blue' },
  ]);
  const list = async (input: object) => {
    const found = await client.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: ZONE, ...input }),
    );
    return [found.ResourceRecordSets?.map(({ Name }) => Name), found.NextRecordName];
  };
  expect(await list({})).toEqual([
    ['a.shop.example.', 'db.shop.example.', 'z.example.'],
    undefined,
  ]);
  expect(await list({ MaxItems: 1 })).toEqual([['a.shop.example.'], 'db.shop.example.']);
  expect(
    await list({ StartRecordName: 'a.shop.example', StartRecordType: 'CNAME', MaxItems: 1 }),
  ).toEqual([['a.shop.example.'], 'db.shop.example.']);
  expect(
    await list({ StartRecordName: 'db.shop.example', StartRecordType: 'CNAME', MaxItems: 1 }),
  ).toEqual([['db.shop.example.'], 'z.example.']);
  const [first] =
    (await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: ZONE })))
      .ResourceRecordSets ?? [];
  expect(first).toEqual({
    Name: 'a.shop.example.',
    Type: 'TXT',
    TTL: 5,
    SetIdentifier: 'blue',
    Weight: 1,
    ResourceRecords: [{ Value: 'x' }],
  });
});

test('a batch of changes is made as a whole or not at all', async () => {
  const made = zones([cname('db.example', 'a.example')]);
  const batch = change(
    ['DELETE', 'db.example', 'a.example'],
    ['CREATE', 'db.example', 'b.example'],
    ['CREATE', 'db.example', 'c.example'],
  );
  await expect(batch).rejects.toMatchObject({
    name: 'InvalidChangeBatch',
    message:
      "[Tried to create resource record set [name='db.example.', type='CNAME'] but it already exists]",
  });
  expect(made.find(ZONE, 'db.example')).toBe('a.example');
  await change(['DELETE', 'db.example', 'a.example'], ['CREATE', 'db.example', 'b.example']);
  expect(made.find(ZONE, 'DB.example.')).toBe('b.example');
  await change(['UPSERT', 'db.example', 'c.example']);
  expect(made.find(ZONE, 'db.example')).toBe('c.example');
});

test('what is created must be new, and what is deleted must be there as it is said', async () => {
  zones([cname('db.example', 'a.example')]);
  const batch = change(
    ['CREATE', 'db.example', 'b.example'],
    ['DELETE', 'db.example', 'b.example'],
    ['DELETE', 'other.example', 'b.example'],
  );
  await expect(batch).rejects.toMatchObject({
    message:
      "[Tried to create resource record set [name='db.example.', type='CNAME'] but it already exists, Tried to delete resource record set [name='db.example.', type='CNAME'] but the values provided do not match the current values, Tried to delete resource record set [name='other.example.', type='CNAME'] but it was not found]",
  });
});

test('a change is pending when it is accepted, and in sync when its time has passed', async () => {
  zones([], 60);
  const begun = Date.now();
  const { ChangeInfo } = await change(['UPSERT', 'db.example', 'a.example']);
  expect(ChangeInfo?.Status).toBe('PENDING');
  const status = async () =>
    (await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status;
  while ((await status()) !== 'INSYNC');
  expect(Date.now() - begun).toBeGreaterThanOrEqual(60);
});

test('an unknown zone or change is refused', async () => {
  zones([]);
  const list = client.send(new ListResourceRecordSetsCommand({ HostedZoneId: 'ZOTHER' }));
  await expect(list).rejects.toMatchObject({
    name: 'NoSuchHostedZone',
    message: 'No hosted zone found with ID: ZOTHER',
  });
  await expect(client.send(new GetChangeCommand({ Id: 'C1' }))).rejects.toMatchObject({
    name: 'NoSuchChange',
    message: 'Could not find resource with ID: /change/C1',
  });
  expect(endpoint.calls).toEqual([
    { target: 'route53.ListResourceRecordSets', error: 'NoSuchHostedZone' },
    { target: 'route53.GetChange', error: 'NoSuchChange' },
  ]);
});

test('an operation that nobody plays is unknown', async () => {
  zones([]);
  const answer = await fetch(`${endpoint.url}/2013-04-01/hostedzone/${ZONE}`);
  expect(answer.status).toBe(400);
  expect(endpoint.unknownTargets).toEqual([`GET /2013-04-01/hostedzone/${ZONE}`]);
});
