import type { Client } from 'pg';
import { type QualifiedName, quoteIdentifier, quoteLiteral, quoteQualified } from '../../postgres';
import { scramVerifier } from '../../runner';
import type { Superuser } from '../servers';
import { workloadTableDdl } from './workload-table';

/** The login of the applications. It owns nothing, so that nothing works only because its owner may do everything. */
export const APPLICATION = 'shop_app';

/** Makes the table that applications write to, owned by `owner`, and a login that may do just that. */
export async function admitApplications(
  client: Client,
  table: QualifiedName,
  owner: string,
  password: string,
): Promise<Superuser> {
  const schema = quoteIdentifier(table.schema);
  await client.query(`SET ROLE ${quoteIdentifier(owner)}`);
  await client.query(workloadTableDdl(table));
  await client.query('RESET ROLE');
  await client.query(`CREATE ROLE ${APPLICATION}`);
  await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${APPLICATION}`);
  await client.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${quoteQualified(table)} TO ${APPLICATION}`,
  );
  await client.query(
    `GRANT USAGE ON SEQUENCE ${quoteQualified({ ...table, name: `${table.name}_id_seq` })} TO ${APPLICATION}`,
  );
  await letIn(client, password);
  return { user: APPLICATION, password };
}

/** Lets the applications log in with `password`: a schema is copied with its roles, but without their passwords. */
export async function letIn(client: Client, password: string): Promise<void> {
  await client.query(
    `ALTER ROLE ${APPLICATION} LOGIN PASSWORD ${quoteLiteral(scramVerifier(password))}`,
  );
}
