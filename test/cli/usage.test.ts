import { pontoon } from './command-line';

test.each<[string[], string]>([
  [
    ['frobnicate'],
    "a command must be one of rehearse, preflight, apply, drop, verify, status, cutover, rollback, finalize, promote, runbook, diagram, got 'frobnicate'; see 'pontoon --help'",
  ],
  [
    ['apply', '--plan=3', '--frob', 'bar', '--owner'],
    "'--plan' cannot take a value, got '3'\n'--frob' must be an option of this command, got an unknown one\n'bar' must be an option, got a bare word\n'--owner' must be followed by NAME, got nothing; see 'pontoon apply --help'",
  ],
  [
    ['apply', '--owner', '--json'],
    "'--owner' must be followed by NAME, got '--json'; see 'pontoon apply --help'",
  ],
  [
    ['diagram', '--app', 'a', '--app=b'],
    "'--app' must be given once, got it twice; see 'pontoon diagram --help'",
  ],
  [
    ['rehearse', '--rows', '1.5'],
    "'--rows' must be a whole number of at least 1, got \"1.5\"; see 'pontoon rehearse --help'",
  ],
  [
    ['diagram'],
    "one of '--topology' and '--app' must be given, got neither; name a file or a cloud assembly",
  ],
  [
    ['diagram', '--topology', 'a', '--app', 'b'],
    "one of '--topology' and '--app' must be given, got both; name a file or a cloud assembly",
  ],
  [
    ['diagram', '--topology', 'nowhere.json'],
    '\'--topology\' must be a readable file, got "nowhere.json"; correct its name',
  ],
])('%j is bad usage', async (args, message) => {
  expect(await pontoon(args)).toEqual({ code: 2, stdout: '', stderr: `pontoon: ${message}\n` });
});

const CONNECTION = {
  server: 'a',
  host: 'db.example',
  port: 5432,
  database: 'd',
  secret: 'env:PG',
  caCertificate: 'aws-rds',
};

test('never repeats what it could not parse, which may hold a secret', async () => {
  expect(await pontoon(['apply'], { stdin: '{"password": hunter2' })).toEqual({
    code: 2,
    stdout: '',
    stderr: "pontoon: 'stdin' must be JSON, got something else; see 'pontoon apply --help'\n",
  });
});

test.each([
  [
    'apply',
    `{ "connection": { "server": "onPremises", "host": "db.example", "port": 5432,
                    "database": "shop", "secret": "env:PG", "caCertificateFile": "ca.pem" },
    "spec": { "kind": "physical-slot", "name": "standby_1" } }`,
  ],
  [
    'verify',
    `{ "source": { "server": "onPremises", "host": "db.example", "port": 5432, "database": "shop",
                "secret": "env:A_", "caCertificateFile": "ca.pem" },
    "target": { "server": "aurora", "host": "aurora.example", "port": 5432, "database": "shop",
                "secret": "env:C_", "caCertificate": "aws-rds" },
    "selection": { "schemas": ["public"] } }`,
  ],
])('shows what to pipe into %s if nothing was', async (command, example) => {
  expect(await pontoon([command], { stdin: ' \n' })).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: 'pontoon ${command}' must be given JSON on stdin, got nothing; pipe it in, such as
  pontoon ${command} << JSON
  ${example}
  JSON
and see 'pontoon ${command} --help'
`,
  });
  // What is shown can be piped in as it is: what it lacks is the certificate's file.
  expect(await pontoon([command], { stdin: example, directory: '/nowhere' })).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'pontoon: \'caCertificateFile\' must be a readable file, got "ca.pem"; correct its name\n',
  });
});

test('says on a terminal that it waits for input', async () => {
  const { stderr } = await pontoon(['drop'], { stdin: 'x', terminal: true });
  expect(stderr).toBe(
    "pontoon drop reads JSON from stdin: type it and end with Ctrl-D\npontoon: 'stdin' must be JSON, got something else; see 'pontoon drop --help'\n",
  );
});

test.each([
  [
    { server: 'a', spec: { kind: 'ledger' } },
    "stdin: 'stdin.connection' must be an object, got nothing; give its properties by name",
  ],
  [
    { server: 'a', connection: [] },
    `stdin has 2 problems:
- 'stdin.spec' must be an object, got nothing; give its properties by name
- 'stdin.connection' must be an object, got []; give its properties by name`,
  ],
  [
    { server: 'b', connection: CONNECTION, spec: { kind: 'ledger' } },
    "stdin: 'stdin.server' must be that of 'connection', got \"b\"; leave it out",
  ],
  [[], "stdin: 'stdin' must be an object, got []; give its properties by name"],
])('says of %j what is missing, and not what follows from it', async (stdin, message) => {
  expect(await pontoon(['apply'], { stdin })).toEqual({
    code: 2,
    stdout: '',
    stderr: `pontoon: ${message}\n`,
  });
});

test('lists everything that is wrong with its input', async () => {
  const stdin = {
    connection: { server: 'a', host: '/run', port: 0, database: 'd', caCertificate: 'file.pem' },
    spec: { kind: 'role', name: 'r' },
    frob: 1,
  };
  const { code, stderr } = await pontoon(['apply'], { stdin });
  expect(code).toBe(2);
  expect(stderr).toMatchInlineSnapshot(`
"pontoon: stdin has 6 problems:
- 'spec.secret' must be given, got nothing; add it
- 'stdin.connection.port' must be a whole number of at least 1, got 0; correct it
- 'stdin.connection.secret' must be given, got nothing; add it
- 'stdin.connection.host' must be a host name or an IP address, got "/run"; connections go through TCP with TLS, never through a socket
- 'stdin.connection.caCertificate' must be certificates in PEM or 'aws-rds', got "file.pem"; give the text of the file, not its name
- 'stdin.frob' is not known here; remove it or correct its name
"
`);
});
