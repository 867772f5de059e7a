import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { ChangeStream } from '../../../lib/rehearsal/dms/change-stream';

let server: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
});

test('ends when it is closed while it still connects', async () => {
  const { port } = server.address() as AddressInfo;
  const stream = new ChangeStream({ host: '127.0.0.1', port, user: 'nobody' }, 'slot', {
    message: () => Promise.reject(new Error('a server that never answers sent a message')),
    serverPosition: () => undefined,
    settled: () => true,
  });
  const connected = once(server, 'connection');
  const running = stream.run();
  await connected;

  await stream.close();

  await running;
});
