import { AddressBook } from '../../../lib/rehearsal/cloud/addresses';
import type { Server } from '../../../lib/rehearsal/servers';

/** What an address book reads of a server, in place of one that runs. */
const server = {
  host: '127.0.0.1',
  port: 50432,
  caCertificate: 'the CA here',
  caCertificateFile: '/here/ca.pem',
} as Server;

const connection = { server: 'b', host: '10.0.0.5', port: '5432', database: 'shop' };
const here = { server: 'b', host: '127.0.0.1', port: '50432', database: 'shop' };

function book(): AddressBook {
  const addresses = new AddressBook();
  addresses.add('10.0.0.5', server);
  return addresses;
}

test('redirects connections at any depth, and nothing else', () => {
  const event = {
    links: [{ from: { ...connection, caCertificate: 'theirs' } }, 'text', 7, null],
    spec: { ...connection, sslRootCert: '/there/ca.pem' },
    address: { host: '10.0.0.5', port: '5432' },
  };
  const copy = structuredClone(event);
  expect(book().redirect(event)).toEqual({
    links: [{ from: { ...here, caCertificate: 'the CA here' } }, 'text', 7, null],
    spec: { ...here, host: 'localhost', sslRootCert: '/here/ca.pem' },
    address: { host: '10.0.0.5', port: '5432' },
  });
  expect(event).toEqual(copy);
});

test('leaves an empty sslRootCert as it is', () => {
  expect(book().redirect({ ...connection, sslRootCert: '' })).toEqual({ ...here, sslRootCert: '' });
});

test.each([
  [new AddressBook(), 'none'],
  [book(), '10.0.0.5'],
])('an address that no server answers for is refused', (addresses, known) => {
  expect(() => addresses.redirect({ deep: [{ ...connection, host: 'elsewhere' }] })).toThrow(
    new Error(
      `address 'elsewhere' must belong to a server of the rehearsal, which has ${known}; is the server not in the topology?`,
    ),
  );
});
