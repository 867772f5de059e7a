// What a program's stand-in on PATH does: it sends its call to the rehearsal, and passes on the answer.
// Plain JavaScript, since it runs in a process of its own, from sources and from the build alike.
const { connect } = require('node:net');

const [socket, name, ...args] = process.argv.slice(2);

async function main() {
  const input = [];
  for await (const chunk of process.stdin) input.push(chunk);
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => key.startsWith('PG')),
  );
  const connection = connect({ path: socket, allowHalfOpen: true });
  connection.end(JSON.stringify({ name, args, env, input: Buffer.concat(input).toString('utf8') }));
  const answer = [];
  for await (const chunk of connection) answer.push(chunk);
  const { output, errors, status } = JSON.parse(Buffer.concat(answer).toString('utf8'));
  process.stderr.write(errors);
  process.stdout.write(output);
  process.exitCode = status;
}

main().catch((error) => {
  process.stderr.write(`${name}: the rehearsal does not answer: ${error.message}\n`);
  process.exitCode = 1;
});
