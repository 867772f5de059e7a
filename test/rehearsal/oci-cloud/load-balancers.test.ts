import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';
import {
  type BackendSetDetails,
  backendSet,
  LoadBalancerListener,
  LoadBalancers,
} from '../../../lib/rehearsal/oci-cloud';
import { LocalOci } from '../../endpoints/oci-cloud';

const ID = 'ocid1.networkloadbalancer.oc1..shop';
// Nobody is unhealthy because this machine is busy: a port that is closed says so at once.
const CHECKS = { intervalInMillis: 50, timeoutInMillis: 60_000, retries: 1 };
const PRIMARY = { ipAddress: '10.0.0.5', port: 5432 };
const STANDBY = { ipAddress: '10.0.0.6', port: 5432 };
const OFF = { isOffline: true };
const DRAIN = { isDrain: true };

/** Says its name to whoever connects, and repeats what it hears. */
async function echo(name: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(name);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

class Client {
  public heard = '';
  public closed = false;
  public error: Error | undefined;

  constructor(public readonly socket: Socket) {
    socket.on('error', (error) => {
      this.error = error;
    });
    socket.on('data', (data) => {
      this.heard += data.toString();
    });
    socket.once('close', () => {
      this.closed = true;
    });
  }

  public say(text: string): void {
    this.socket.write(text);
  }
}

let servers: Map<string, Server>;
let balancers: LoadBalancers;
let listener: LoadBalancerListener;
let clients: Client[];

beforeEach(async () => {
  servers = new Map([
    [PRIMARY.ipAddress, await echo('primary ')],
    [STANDBY.ipAddress, await echo('standby ')],
  ]);
  balancers = new LoadBalancers();
  clients = [];
});
afterEach(async () => {
  for (const { socket } of clients) socket.destroy();
  await listener.close();
  for (const server of servers.values()) server.close();
});

async function listen(details: BackendSetDetails, idleTimeoutMs?: number): Promise<void> {
  const set = { isPreserveSource: false, healthChecker: CHECKS, ...details };
  balancers.put(ID, 'postgres', set);
  listener = await LoadBalancerListener.start({
    backendSet: backendSet('postgres', set),
    resolve: ({ ipAddress }) => {
      const server = servers.get(ipAddress);
      return server?.listening === true ? { host: '127.0.0.1', port: portOf(server) } : undefined;
    },
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  });
  balancers.attach(ID, 'postgres', listener);
}

function change(backends: BackendSetDetails['backends'] = []): void {
  balancers.put(ID, 'postgres', { isPreserveSource: false, healthChecker: CHECKS, backends });
}

function client(): Client {
  const made = new Client(connect({ host: '127.0.0.1', port: listener.port }));
  clients.push(made);
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A client that is led at once, which shows that the listener has done what was asked of it before. */
async function led(name: string): Promise<Client> {
  const made = client();
  await until(() => made.heard === `${name} `);
  return made;
}

test('a backend that drains takes no new connections, and keeps those that it has', async () => {
  await listen({ backends: [PRIMARY, { ...STANDBY, ...OFF }] });
  const old = await led('primary');
  change([{ ...PRIMARY, ...DRAIN }, STANDBY]);
  await led('standby');
  old.say('still here');
  await until(() => old.heard === 'primary still here');
});

test('a backend that is offline lets nothing pass, in old connections neither', async () => {
  await listen({ backends: [PRIMARY, { ...STANDBY, ...OFF }] });
  const old = await led('primary');
  change([{ ...PRIMARY, ...OFF }, STANDBY]);
  old.say('lost');
  const other = await led('standby');
  other.say('heard');
  await until(() => other.heard === 'standby heard');
  expect([old.heard, old.closed]).toEqual(['primary ', false]);
  change([PRIMARY, { ...STANDBY, ...OFF }]);
  await until(() => old.heard === 'primary lost');
});

test('while no backend takes connections, a client waits and is led when its SYN would be repeated', async () => {
  await listen({
    backends: [
      { ...PRIMARY, ...OFF },
      { ...STANDBY, ...OFF },
    ],
  });
  const started = performance.now();
  const waiting = client();
  await once(waiting.socket, 'connect');
  change([{ ...PRIMARY, ...OFF }, STANDBY]);
  await until(() => waiting.heard === 'standby ');
  expect(performance.now() - started).toBeGreaterThan(900);
});

test('a TCP health check passes for whatever listens, a standby too', async () => {
  await listen({ backends: [{ ...PRIMARY, ...DRAIN }, STANDBY] });
  servers.get(PRIMARY.ipAddress)?.close();
  await led('standby');
});

test('a backup takes connections while every other backend is unhealthy', async () => {
  await listen({ backends: [PRIMARY, { ...STANDBY, isBackup: true }] });
  await led('primary');
  servers.get(PRIMARY.ipAddress)?.close();
  // A check has to find out first.
  let found = '';
  while (found !== 'standby ') {
    const one = client();
    await Promise.race([
      until(() => one.heard !== '' || one.closed),
      new Promise((resolve) => setTimeout(resolve, 100)),
    ]);
    found = one.heard;
  }
});

test('with the source preserved, nothing comes back from a backend given by address', async () => {
  await listen({ isPreserveSource: true, backends: [PRIMARY] });
  const silent = client();
  await once(silent.socket, 'connect');
  silent.say('anybody?');
  change([PRIMARY]);
  await led('primary');
  expect(silent.heard).toBe('');
});

test('a connection that is silent for the idle timeout is reset', async () => {
  await listen({ backends: [PRIMARY] }, 100);
  const idle = await led('primary');
  await until(() => idle.closed);
  expect(idle.error).toMatchObject({ code: 'ECONNRESET' });
});

describe('changes', () => {
  let oci: LocalOci;
  const path = `/20200501/networkLoadBalancers/${ID}/backendSets/postgres`;

  beforeEach(async () => {
    oci = await LocalOci.start();
    await listen({ backends: [PRIMARY, { ...STANDBY, ...OFF }] });
    oci.balancers.put(ID, 'postgres', { backends: [PRIMARY, { ...STANDBY, ...OFF }] });
    oci.balancers.attach(ID, 'postgres', listener);
  });
  afterEach(() => oci.stop());

  async function stateOf(): Promise<unknown> {
    const answer = await fetch(`${oci.endpoint.url}/20200501/networkLoadBalancers/${ID}`, {
      headers: { authorization: 'Signature of a test' },
    });
    return ((await answer.json()) as { lifecycleState?: unknown }).lifecycleState;
  }

  async function put(where: string, body: unknown, etag?: string): Promise<number> {
    const headers = {
      authorization: 'Signature of a test',
      ...(etag === undefined ? {} : { 'if-match': etag }),
    };
    const answer = await fetch(`${oci.endpoint.url}${where}`, {
      method: 'PUT',
      headers,
      body: JSON.stringify(body),
    });
    return answer.status;
  }

  test('a change of the set is made at once, for all backends', async () => {
    const backends = [{ ...PRIMARY, ...OFF }, STANDBY];
    await expect(put(path, { isPreserveSource: false, backends })).resolves.toBe(200);
    await led('standby');
    expect(oci.balancers.find(ID, 'postgres')?.backends).toMatchObject(backends);
  });

  test('a change of one backend leaves the others as they are', async () => {
    const where = `${path}/backends/10.0.0.5:5432`;
    await expect(put(where, { isOffline: true })).resolves.toBe(200);
    expect(oci.balancers.find(ID, 'postgres')?.backends).toMatchObject([
      { ...PRIMARY, ...OFF },
      { ...STANDBY, ...OFF },
    ]);
    await expect(put(`${path}/backends/10.0.0.9:1`, {})).resolves.toBe(404);
  });

  test('a change is refused if the set was changed since it was read, or while another one is made', async () => {
    await expect(put(path, { backends: [PRIMARY] }, '7')).resolves.toBe(412);
    await oci.stop();
    oci = await LocalOci.start(60_000);
    oci.balancers.put(ID, 'postgres', { backends: [PRIMARY] });
    await expect(put(path, { backends: [PRIMARY] })).resolves.toBe(200);
    await expect(put(path, { backends: [PRIMARY] })).resolves.toBe(409);
  });

  test('while a change is made, the load balancer is being updated', async () => {
    await oci.stop();
    let make = (): void => undefined;
    const made = new Promise<void>((resolve) => {
      make = resolve;
    });
    oci = await LocalOci.start(made);
    oci.balancers.put(ID, 'postgres', { backends: [PRIMARY] });
    expect(await stateOf()).toBe('ACTIVE');
    await put(path, { backends: [PRIMARY] });
    expect(await stateOf()).toBe('UPDATING');
    make();
    expect(await stateOf()).toBe('ACTIVE');
  });

  test('a change that leaves a property out falls back to its default', async () => {
    await put(path, { backends: [PRIMARY] });
    expect(oci.balancers.find(ID, 'postgres')).toMatchObject({
      isPreserveSource: true,
      healthChecker: { intervalInMillis: 10_000 },
    });
  });
});
