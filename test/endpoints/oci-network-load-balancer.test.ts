import { openAwsEndpoint, openEndpoint } from '../../lib/endpoints';
import { parseEndpoint } from '../../lib/postgres';
import type { OciRoute } from '../../lib/rehearsal/oci-cloud/oci-endpoint';
import { noMatch, OciServiceError } from '../../lib/rehearsal/oci-cloud/oci-error';
import { LocalOci } from './oci-cloud';

const ID = 'ocid1.networkloadbalancer.oc1..shop';
const SPEC = parseEndpoint({
  kind: 'oci-network-load-balancer',
  networkLoadBalancerId: ID,
  backendSetName: 'postgres',
  sides: { blue: '10.0.0.5', green: '10.0.0.6' },
});
const OFF = { isDrain: true, isOffline: true };
const BLUE = { ipAddress: '10.0.0.5', port: 5432 };
const GREEN = { ipAddress: '10.0.0.6', port: 5432 };
const HEALTH = { protocol: 'TCP', port: 5432, intervalInMillis: 5_000, timeoutInMillis: 900 };

let oci: LocalOci;
beforeEach(async () => {
  oci = await LocalOci.start();
  oci.balancers.put(ID, 'postgres', {
    isPreserveSource: false,
    healthChecker: HEALTH,
    backends: [BLUE, { ...GREEN, ...OFF }],
  });
});
afterEach(() => oci.stop());

test('the side that is online is the active one, and a switch changes both in one call', async () => {
  const endpoint = openEndpoint(SPEC);
  await expect(endpoint.active()).resolves.toBe('blue');
  await endpoint.activate('green');
  await expect(endpoint.active()).resolves.toBe('green');
  const set = oci.balancers.find(ID, 'postgres');
  expect(set?.backends).toMatchObject([
    { ...BLUE, isDrain: true, isOffline: false, isBackup: false },
    { ...GREEN, isDrain: false, isOffline: false, isBackup: false },
  ]);
  // What an update leaves out would fall back to its default.
  expect(set).toMatchObject({ isPreserveSource: false, healthChecker: HEALTH });
});

test('switching twice is switching once, and back is the same way', async () => {
  const endpoint = openEndpoint(SPEC);
  await endpoint.activate('green');
  await endpoint.activate('green');
  await endpoint.activate('blue');
  await expect(openEndpoint(SPEC).active()).resolves.toBe('blue');
});

test.each([
  ['two sides are online', [BLUE, GREEN], 'backend 10.0.0.5, backend 10.0.0.6'],
  [
    'no side is',
    [
      { ...BLUE, ...OFF },
      { ...GREEN, ...OFF },
    ],
    'no backend that is online',
  ],
  [
    'another one is',
    [
      { ...BLUE, ...OFF },
      { ipAddress: '10.0.0.9', port: 1 },
    ],
    'backend 10.0.0.9',
  ],
])('nothing is changed while %s', async (_, backends, found) => {
  oci.balancers.put(ID, 'postgres', { backends });
  await expect(openEndpoint(SPEC).activate('green')).rejects.toMatchObject({
    code: 'ENDPOINT_UNKNOWN_SIDE',
    message: `backend set 'postgres' must lead to backend 10.0.0.5 (blue) or backend 10.0.0.6 (green), got ${found}; nothing was changed: set it to one of the two, or correct 'sides'`,
  });
});

test('a side without a backend is not switched to', async () => {
  oci.balancers.put(ID, 'postgres', { backends: [BLUE] });
  await expect(openEndpoint(SPEC).activate('green')).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message:
      "backend set 'postgres' must lead to 'green', got no backend 10.0.0.6 in it; add it, drained, or correct 'sides'",
  });
});

test('a set that is not there, or that may not be read, says which right is needed', async () => {
  const spec = { ...SPEC, backendSetName: 'other' } as typeof SPEC;
  await expect(openEndpoint(spec).active()).rejects.toMatchObject({
    code: 'ENDPOINT_UNAVAILABLE',
    message:
      "backend set 'other' must be readable and changeable, got NotAuthorizedOrNotFound: backend set other was not found; allow use network-load-balancers in compartment …",
  });
});

test('a change that takes longer than allowed is told as one that may still come', async () => {
  await oci.stop();
  oci = await LocalOci.start(60_000);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const failing = openEndpoint(SPEC, { timeoutSeconds: 0.2 }).activate('green');
  await expect(failing).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message: expect.stringMatching(
      /^backend set 'postgres' must lead to 'green', got work request '[\w.-]+' IN_PROGRESS after 0\.2 s; it was accepted and may come later: look at it in OCI before anything else is done$/,
    ),
  });
});

test('a change that was accepted is waited for, also while OCI does not say how far it is', async () => {
  await oci.stop();
  const status = [429, 503, 200];
  oci = await LocalOci.start(0, [
    {
      method: 'GET',
      path: /^\/20200501\/workRequests\/([^/]+)$/,
      answer: () => {
        const next = status.shift() ?? 200;
        if (next !== 200) throw new OciServiceError(next, 'TooManyRequests', 'ask later');
        return { body: { status: 'SUCCEEDED' } };
      },
    },
  ]);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const endpoint = openEndpoint(SPEC);
  await endpoint.activate('green');
  await expect(endpoint.active()).resolves.toBe('green');
  expect(status).toEqual([]);
});

test('a change of which OCI says nothing more is told as one that may still come', async () => {
  await oci.stop();
  oci = await LocalOci.start(0, [
    {
      method: 'GET',
      path: /^\/20200501\/workRequests\/([^/]+)$/,
      answer: () => {
        throw new OciServiceError(429, 'TooManyRequests', 'ask later');
      },
    },
  ]);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const failing = openEndpoint(SPEC, { timeoutSeconds: 0.2 }).activate('green');
  await expect(failing).rejects.toMatchObject({
    code: 'ENDPOINT_NOT_SWITCHED',
    message: expect.stringMatching(
      /^backend set 'postgres' must lead to 'green', got work request '[\w.-]+' of unknown status \(TooManyRequests: ask later\) after 0\.2 s; it was accepted and may come later: look at it in OCI before anything else is done$/,
    ),
  });
});

test('a change that was given up is waited for before its opposite counts as made', async () => {
  await oci.stop();
  let make = (): void => undefined;
  const made = new Promise<void>((resolve) => {
    make = resolve;
  });
  let asked = 0;
  const countState: OciRoute = {
    method: 'GET',
    path: /^\/20200501\/networkLoadBalancers\/([^/]+)$/,
    answer: () => {
      asked += 1;
      // Once it was found being made, it may be.
      if (asked === 2) make();
      return { body: { lifecycleState: asked <= 2 ? 'UPDATING' : 'ACTIVE' } };
    },
  };
  oci = await LocalOci.start(made, [countState]);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const givenUp = openEndpoint(SPEC, { timeoutSeconds: 0.1 }).activate('green');
  await expect(givenUp).rejects.toMatchObject({ code: 'ENDPOINT_NOT_SWITCHED' });
  await expect(openEndpoint(SPEC).active()).resolves.toBe('blue');
  await openEndpoint(SPEC).activate('blue');
  await expect(openEndpoint(SPEC).active()).resolves.toBe('blue');
  expect(oci.balancers.find(ID, 'postgres')?.backends[1]).toMatchObject({ isDrain: true });
});

test.each([
  ['as it is wanted, is left so', [{ ...BLUE, ...OFF }, GREEN], 'green', undefined],
  [
    'otherwise, is left to whoever changed it',
    [BLUE, { ...GREEN, ...OFF }],
    'blue',
    "backend set 'postgres' must lead to 'green', got NoEtagMatch: backend set postgres has another etag by now; somebody else changed it: look who, and try again",
  ],
])('a set that somebody changed since it was read, %s', async (_, backends, active, message) => {
  await oci.stop();
  const changedMeanwhile: OciRoute = {
    method: 'PUT',
    path: /backendSets/,
    answer: () => {
      oci.balancers.put(ID, 'postgres', { backends });
      throw noMatch('backend set postgres');
    },
  };
  oci = await LocalOci.start(0, [changedMeanwhile]);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const [switching] = await Promise.allSettled([openEndpoint(SPEC).activate('green')]);
  expect(switching).toMatchObject(
    message === undefined
      ? { status: 'fulfilled' }
      : { reason: { code: 'ENDPOINT_NOT_SWITCHED', message } },
  );
  await expect(openEndpoint(SPEC).active()).resolves.toBe(active);
});

test('another change that is being made is waited for, and said if it takes too long', async () => {
  await oci.stop();
  oci = await LocalOci.start(700);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const [first, second] = await Promise.allSettled([
    openEndpoint(SPEC).activate('green'),
    openEndpoint(SPEC).activate('green'),
  ]);
  expect([first.status, second.status]).toEqual(['fulfilled', 'fulfilled']);
  await oci.stop();
  oci = await LocalOci.start(60_000);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  await expect(openEndpoint(SPEC, { timeoutSeconds: 0.1 }).activate('green')).rejects.toMatchObject(
    { code: 'ENDPOINT_NOT_SWITCHED' },
  );
  for (const [server, found] of [
    ['green', 'Conflict: the load balancer is being updated'],
    ['blue', 'another change that is being made'],
  ] as const)
    await expect(
      openEndpoint(SPEC, { timeoutSeconds: 0.1 }).activate(server),
    ).rejects.toMatchObject({
      code: 'ENDPOINT_NOT_SWITCHED',
      message: `backend set 'postgres' must lead to '${server}', got ${found} after 0.1 s; see in OCI what changes it, and try again`,
    });
});

test('a signal ends the wait', async () => {
  await oci.stop();
  oci = await LocalOci.start(60_000);
  oci.balancers.put(ID, 'postgres', { backends: [BLUE, { ...GREEN, ...OFF }] });
  const controller = new AbortController();
  const endpoint = openEndpoint(SPEC);
  await endpoint.active();
  const switching = endpoint.activate('green', { signal: controller.signal });
  controller.abort(new Error('the budget is spent'));
  await expect(switching).rejects.toThrow('the budget is spent');
});

test('a function of AWS Lambda refuses it', () => {
  expect(() => openAwsEndpoint(SPEC)).toThrow(
    "backend set 'postgres' must be switched by 'pontoon cutover', got a function of AWS Lambda, which cannot ask OCI; run the command where OCI can be reached",
  );
});
