import { Problems, Reader, readConnection } from '../../lib/postgres';

function read(input: unknown) {
  const problems = new Problems();
  return {
    connection: readConnection(new Reader(input, 'connection', problems)),
    problems: problems.list(),
  };
}

test('a connection as CloudFormation sends it', () => {
  expect(
    read({
      server: 'aurora',
      host: 'db.internal',
      port: '5432',
      database: 'app',
      secret: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:a',
      caCertificate: 'aws-rds',
    }),
  ).toEqual({
    connection: {
      server: 'aurora',
      host: 'db.internal',
      port: 5432,
      database: 'app',
      secret: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:a',
      sslMode: 'verify-full',
      caCertificate: 'aws-rds',
    },
    problems: [],
  });
});

test('everything that is wrong is said at once', () => {
  const input = {
    server: 'aurora',
    host: '/tmp',
    port: 70_000,
    sslMode: 'require',
    caCertificate: 'trust me',
  };
  expect(read(input).problems).toEqual([
    "'connection.database' must be given, got nothing; add it",
    "'connection.secret' must be given, got nothing; add it",
    "'connection.sslMode' must be one of 'verify-full', 'verify-ca', got \"require\"; pick one",
    '\'connection.host\' must be a host name or an IP address, got "/tmp"; connections go through TCP with TLS, never through a socket',
    "'connection.port' must be at most 65535, got 70000; correct it",
    "'connection.caCertificate' must be certificates in PEM or 'aws-rds', got \"trust me\"; give the text of the file, not its name",
  ]);
});
