import { Client, type ClientConfig } from 'pg';

/** Every session spells values alike, so that what one server prints another one reads back exactly. */
const SPELLING =
  '-c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex -c timezone=UTC -c client_encoding=UTF8';

/** `config` with the spelling that all sessions of the stand-in share. */
export function sessionConfig(config: ClientConfig): ClientConfig {
  return {
    application_name: 'dms stand-in',
    ...config,
    options: config.options === undefined ? SPELLING : `${config.options} ${SPELLING}`,
  };
}

/** An open session on which the endpoint's AfterConnectScript ran. End it with `end()`. */
export async function openSession(
  config: ClientConfig,
  afterConnectScript: string | undefined,
): Promise<Client> {
  const client = new Client(sessionConfig(config));
  // A connection that breaks while idle reports itself by the next query; unheard it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  try {
    if (afterConnectScript !== undefined) await client.query(afterConnectScript);
  } catch (error) {
    await client.end();
    throw error;
  }
  return client;
}

/** Runs `work` with a session and closes it afterwards. */
export async function withSession<Result>(
  config: ClientConfig,
  afterConnectScript: string | undefined,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await openSession(config, afterConnectScript);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
