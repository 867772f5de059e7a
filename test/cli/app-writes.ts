import { Client } from 'pg';
import type { CutoverLab, Side } from '../runner/cutover/lab';

/** 'written' if an application gets in on a side and writes, or else what it is told. */
export async function whetherAppWrites(lab: CutoverLab, { server }: Side): Promise<string> {
  const config = { user: 'app', password: lab.appPassword };
  const client = new Client(server.connectionConfig('app', config));
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('INSERT INTO shop.orders (client, number) VALUES (7, 7)');
    return 'written';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end();
  }
}
