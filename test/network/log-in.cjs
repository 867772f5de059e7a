// One client host: reads logins from standard input, one JSON document a line, tries each, and
// writes for each a line with what became of it. Plain JavaScript, since Node runs it without a build.
const readline = require('node:readline');
const { Client } = require('pg');

async function attempt(config) {
  const client = new Client({ connectionTimeoutMillis: 10_000, ...config });
  client.on('error', () => undefined);
  try {
    await client.connect();
    if (config.replication !== undefined) {
      await client.query('IDENTIFY_SYSTEM');
      return 'in, replicating';
    }
    const { rows } = await client.query('SELECT host(inet_client_addr()) AS address');
    return `in, from ${rows[0].address}`;
  } catch (error) {
    return error.message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function main() {
  process.stdout.write('"ready"\n');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await attempt(JSON.parse(line)))}\n`);
  }
}

main();
