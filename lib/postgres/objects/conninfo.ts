import { quoteConninfo } from '../identifiers';
import type { PublisherAddress } from './subscription-spec';

/** What a server connects with to another one that it receives changes from. */
export function conninfo(
  publisher: PublisherAddress,
  login: { readonly username: string; readonly password: string },
): string {
  const options: Record<string, string> = {
    host: publisher.host,
    port: String(publisher.port),
    dbname: publisher.database,
    user: login.username,
    password: login.password,
    sslmode: publisher.sslMode,
    ...(publisher.sslRootCert === '' ? {} : { sslrootcert: publisher.sslRootCert }),
    keepalives_idle: '30',
  };
  return Object.entries(options)
    .map(([key, value]) => `${key}=${quoteConninfo(value)}`)
    .join(' ');
}

/** Whether two addresses lead to the same place, by the same login. */
export function samePublisher(a: PublisherAddress, b: PublisherAddress): boolean {
  return (Object.keys(b) as (keyof PublisherAddress)[]).every((key) => a[key] === b[key]);
}
