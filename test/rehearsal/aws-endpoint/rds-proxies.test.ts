import {
  DeregisterDBProxyTargetsCommand,
  DescribeDBProxyTargetsCommand,
  RDSClient,
  RegisterDBProxyTargetsCommand,
} from '@aws-sdk/client-rds';
import { AwsEndpointStandIn, RdsProxies } from '../../../lib/rehearsal/aws-endpoint';

let endpoint: AwsEndpointStandIn;
let client: RDSClient;

beforeEach(async () => {
  endpoint = await AwsEndpointStandIn.start();
  client = new RDSClient({
    endpoint: endpoint.url,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
});

afterEach(() => endpoint.close());

function proxies(registrationMs = 0): RdsProxies {
  const made = new RdsProxies(registrationMs);
  made.add('shop', 'default', 'old');
  made.addCluster('new');
  endpoint.registerXml(made.service);
  return made;
}

const group = { DBProxyName: 'shop', TargetGroupName: 'default' };
const register = (cluster: string) =>
  client.send(new RegisterDBProxyTargetsCommand({ ...group, DBClusterIdentifiers: [cluster] }));
const deregister = (cluster: string) =>
  client.send(new DeregisterDBProxyTargetsCommand({ ...group, DBClusterIdentifiers: [cluster] }));
const targets = async () =>
  (await client.send(new DescribeDBProxyTargetsCommand(group))).Targets ?? [];
const state = async () => (await targets())[1]?.TargetHealth?.State;

test('a target group holds one cluster, and refuses a second one', async () => {
  const made = proxies();
  expect(await targets()).toEqual([
    { RdsResourceId: 'old', Type: 'TRACKED_CLUSTER', Port: 5432 },
    {
      RdsResourceId: 'old-writer',
      TrackedClusterId: 'old',
      Type: 'RDS_INSTANCE',
      Role: 'READ_WRITE',
      Port: 5432,
      TargetHealth: { State: 'AVAILABLE' },
    },
  ]);
  await expect(register('new')).rejects.toMatchObject({
    name: 'DBProxyTargetAlreadyRegisteredFault',
    message: 'The target group holds cluster old already.',
  });
  await deregister('old');
  expect([await targets(), made.find('shop')]).toEqual([[], undefined]);
  await register('new');
  expect(made.find('shop')).toBe('new');
});

test('the writer of a cluster is registering before it is available', async () => {
  const made = proxies(60);
  await deregister('old');
  const begun = Date.now();
  const { DBProxyTargets } = await register('new');
  expect(DBProxyTargets?.[1]?.TargetHealth?.State).toBe('REGISTERING');
  while ((await state()) !== 'AVAILABLE');
  expect(Date.now() - begun).toBeGreaterThanOrEqual(60);
  expect(made.find('shop')).toBe('new');
});

test('a writer that cannot be reached is unavailable, with the reason', async () => {
  const made = proxies();
  made.addCluster('old', 'no route to host');
  expect((await targets())[1]?.TargetHealth).toEqual({
    State: 'UNAVAILABLE',
    Reason: 'UNREACHABLE',
    Description: 'no route to host',
  });
  expect(made.find('shop')).toBeUndefined();
});

test('an unknown proxy, group, cluster or target is refused', async () => {
  proxies();
  const describe = (input: object) =>
    client.send(new DescribeDBProxyTargetsCommand({ ...group, ...input }));
  await expect(describe({ DBProxyName: 'other' })).rejects.toMatchObject({
    name: 'DBProxyNotFoundFault',
    message: 'Proxy other was not found.',
  });
  await expect(describe({ TargetGroupName: 'other' })).rejects.toMatchObject({
    name: 'DBProxyTargetGroupNotFoundFault',
    message: 'Target group other of proxy shop was not found.',
  });
  await expect(register('other')).rejects.toMatchObject({
    name: 'DBClusterNotFoundFault',
    message: 'Cluster other was not found.',
  });
  await expect(deregister('new')).rejects.toMatchObject({
    name: 'DBProxyTargetNotFoundFault',
    message: 'The target group does not hold cluster new.',
  });
});
