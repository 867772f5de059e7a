import { openEndpoint } from '../../lib/endpoints';
import { parseEndpoint } from '../../lib/postgres';
import { AwsServiceError, RdsProxies } from '../../lib/rehearsal/aws-endpoint';
import { LocalCloud } from './cloud';

const spec = parseEndpoint({
  kind: 'rds-proxy',
  proxy: 'shop',
  sides: { blue: 'Shop-15', green: 'shop-17' },
});
let cloud: LocalCloud;
let proxies: RdsProxies;
/** Looks at the operations before the stand-in does. */
let intercept: (action: string) => void;

beforeEach(async () => {
  cloud = await LocalCloud.start();
  proxies = new RdsProxies(80);
  proxies.add('shop', 'default', 'Shop-15');
  proxies.addCluster('shop-17');
  intercept = () => undefined;
  cloud.endpoint.registerXml((request) => {
    const call = proxies.service(request);
    if (call === undefined) return undefined;
    return {
      target: call.target,
      answer: () => {
        intercept(`${call.target} ${request.parameters.get('DBClusterIdentifiers.member.1')}`);
        return call.answer();
      },
    };
  });
});
afterEach(() => cloud.stop());

test('a proxy is switched there and back, the old cluster first, until the new one is available', async () => {
  const endpoint = openEndpoint(spec);
  expect(await endpoint.active()).toBe('blue');
  await endpoint.activate('green');
  expect([await endpoint.active(), proxies.find('shop')]).toEqual(['green', 'shop-17']);
  await endpoint.activate('green');
  await endpoint.activate('blue');
  expect(proxies.find('shop')).toBe('Shop-15');
  expect(cloud.changes()).toEqual([
    'rds.DeregisterDBProxyTargets',
    'rds.RegisterDBProxyTargets',
    'rds.DeregisterDBProxyTargets',
    'rds.RegisterDBProxyTargets',
  ]);
});

test('a switch that was killed in between is gone on with', async () => {
  proxies.add('shop');
  await expect(openEndpoint(spec).active()).rejects.toMatchObject({
    code: 'ENDPOINT_UNKNOWN_SIDE',
    message:
      "proxy 'shop' must lead to cluster 'Shop-15' (blue) or cluster 'shop-17' (green), got no target; nothing was changed: set it to one of the two, or correct 'sides'",
  });
  await openEndpoint(spec).activate('green');
  expect(proxies.find('shop')).toBe('shop-17');
});

test('a cluster that does not become available is replaced by the one before', async () => {
  proxies.addCluster('shop-17', 'no route to host');
  const activation = openEndpoint(spec, { timeoutSeconds: 0.5 }).activate('green');
  await expect(activation).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message:
      "proxy 'shop' must lead to 'green', got no writer that is available after 0.5 s (shop-17; shop-17-writer READ_WRITE UNAVAILABLE UNREACHABLE no route to host); 'blue' was put back: let the proxy's secrets and network reach it, and try again",
  });
  expect(proxies.find('shop')).toBe('Shop-15');
});

test('a cluster that cannot be registered is replaced by the one before', async () => {
  intercept = (action) => {
    if (action === 'rds.RegisterDBProxyTargets shop-17')
      throw new AwsServiceError('InvalidDBClusterStateFault', 'cluster shop-17 is stopped');
  };
  await expect(openEndpoint(spec).activate('green')).rejects.toThrow(
    "proxy 'shop' must lead to 'green', got InvalidDBClusterStateFault: cluster shop-17 is stopped; 'blue' was put back: let the proxy's secrets and network reach it, and try again",
  );
  expect(await openEndpoint(spec).active()).toBe('blue');
});

test('a cluster that cannot be put back is told with what to do', async () => {
  intercept = (action) => {
    if (action.startsWith('rds.Register'))
      throw new AwsServiceError('AccessDenied', 'not you', 403);
  };
  await expect(openEndpoint(spec).activate('green')).rejects.toThrow(
    "proxy 'shop' must lead to 'green', got AccessDenied: not you, and then 'blue' could not be put back (AccessDenied: not you); register cluster 'Shop-15' with target group 'default'",
  );
});

test('a proxy that may not be changed is left as it is', async () => {
  intercept = (action) => {
    if (action.startsWith('rds.Deregister'))
      throw new AwsServiceError('AccessDenied', 'not you', 403);
  };
  await expect(openEndpoint(spec).activate('green')).rejects.toMatchObject({
    code: 'ENDPOINT_UNAVAILABLE',
    message:
      "proxy 'shop' must be readable and changeable, got AccessDenied: not you; allow rds:DescribeDBProxyTargets, rds:DeregisterDBProxyTargets, rds:RegisterDBProxyTargets",
  });
  expect(proxies.find('shop')).toBe('Shop-15');
});

test('a proxy of another cluster is not changed', async () => {
  proxies.add('shop', 'default', 'other');
  await expect(openEndpoint(spec).activate('green')).rejects.toThrow(
    "proxy 'shop' must lead to cluster 'Shop-15' (blue) or cluster 'shop-17' (green), got 'other'; nothing was changed: set it to one of the two, or correct 'sides'",
  );
  expect(cloud.changes()).toEqual([]);
});

test('an active side that is not available is told, and left', async () => {
  proxies.addCluster('Shop-15', 'no route to host');
  await expect(openEndpoint(spec, { timeoutSeconds: 0.1 }).activate('blue')).rejects.toThrow(
    "proxy 'shop' must lead to 'blue', got no writer that is available after 0.1 s (Shop-15; Shop-15-writer READ_WRITE UNAVAILABLE UNREACHABLE no route to host); let the proxy's secrets and network reach it, and try again",
  );
  expect(cloud.changes()).toEqual([]);
});
