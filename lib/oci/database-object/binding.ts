import * as pulumi from '@pulumi/pulumi';
import type { Connection } from '../../postgres';
import type { DatabaseBinding } from './args';

/** `binding` as `pontoon` reads a connection. Every certificate is verified, together with its name. */
export function connectionTo(binding: DatabaseBinding): pulumi.Output<Connection> {
  const { server, host, port, database, secret, caCertificate } = binding;
  return pulumi
    .all([host, port, secret, caCertificate])
    .apply(([host, port, secret, caCertificate]) => ({
      server,
      host,
      port,
      database,
      secret,
      sslMode: 'verify-full' as const,
      caCertificate,
    }));
}

/** `value` with a stand-in for each output, so that the rest of it can be checked before anything is deployed. */
export function withStandIns(value: unknown): unknown {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return STAND_IN;
  if (Array.isArray(value)) return value.map(withStandIns);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withStandIns(item)]));
}

/** A text that is a number too, whichever is asked for. */
const STAND_IN = '1';
