import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { TcpEndpoint, type TcpTarget } from '../../../lib/rehearsal/endpoint';

/** A server that greets by its name and says back what it hears. */
class Parrot {
  public readonly sockets: Socket[] = [];
  private readonly server: Server;

  constructor(private readonly name: string) {
    this.server = createServer((socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.write(this.name);
      socket.on('data', (data) => socket.write(`${this.name} heard ${data}`));
    });
  }

  public async listen(): Promise<TcpTarget> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return { host: '127.0.0.1', port: (this.server.address() as AddressInfo).port };
  }

  public async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

let left: Parrot;
let right: Parrot;
let targets: Record<'left' | 'right', TcpTarget>;
let resolve: () => Promise<TcpTarget | undefined>;
let endpoint: TcpEndpoint;

beforeEach(async () => {
  left = new Parrot('left');
  right = new Parrot('right');
  targets = { left: await left.listen(), right: await right.listen() };
  resolve = async () => targets.left;
  endpoint = await TcpEndpoint.start(() => resolve());
});

afterEach(async () => {
  await endpoint.close();
  await Promise.all([left.close(), right.close()]);
});

function call(): Socket {
  const socket = connect({ host: endpoint.host, port: endpoint.port });
  socket.setEncoding('utf8');
  return socket;
}

async function heard(socket: Socket): Promise<string> {
  const [data] = await once(socket, 'data');
  return data;
}

/** How a connection ends: the error's code, or 'closed'. */
async function end(socket: Socket): Promise<string> {
  return await new Promise((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
    socket.once('close', () => resolve('closed'));
    socket.resume();
  });
}

test('a new connection goes where the endpoint leads at that moment', async () => {
  expect(await heard(call())).toBe('left');
  resolve = async () => targets.right;
  expect(await heard(call())).toBe('right');
});

test('a connection that was made stays with its server', async () => {
  const socket = call();
  await heard(socket);
  resolve = async () => targets.right;
  socket.write('hello');
  expect(await heard(socket)).toBe('left heard hello');
});

test('a connection ends with its server, and with its client', async () => {
  const cut = call();
  await heard(cut);
  left.sockets[0]?.destroy();
  expect(await end(cut)).toBe('closed');

  const given = call();
  await heard(given);
  const [, upstream] = left.sockets;
  if (upstream === undefined) throw new Error('no connection arrived');
  const ended = once(upstream, 'close');
  given.destroy();
  await ended;
});

test('a connection is cut at once while there is no server, or none that listens', async () => {
  resolve = async () => undefined;
  expect(await end(call())).toBe('ECONNRESET');
  await left.close();
  resolve = async () => targets.left;
  expect(['ECONNRESET', 'closed']).toContain(await end(call()));
  left = new Parrot('left');
  await left.listen();
});

test('what the resolver fails with is kept', async () => {
  resolve = async () => {
    throw new Error('no such record');
  };
  expect(await end(call())).toBe('ECONNRESET');
  expect(endpoint.lastFailure?.message).toBe('no such record');
});

test('closing cuts what is open, and what waits', async () => {
  const open = call();
  await heard(open);
  let answer: (target: TcpTarget) => void = () => undefined;
  const asked = new Promise<void>((seen) => {
    resolve = () => {
      seen();
      return new Promise((given) => {
        answer = given;
      });
    };
  });
  const waiting = call();
  await asked;
  const ends = Promise.all([end(open), end(waiting)]);
  await endpoint.close();
  answer(targets.left);
  expect(await ends).toHaveLength(2);
  endpoint = await TcpEndpoint.start(() => resolve());
});
