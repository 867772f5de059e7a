import type { Client } from 'pg';
import {
  SCHEMA_COPY_PATTERNS,
  schemaCopyParameters,
  schemaCopyScript,
} from '../../../lib/postgres';
import { managedAdmin } from '../../../lib/rehearsal/servers';
import { SsmStandIn } from '../../../lib/rehearsal/ssm';
import type { TestServer } from '../../servers';

export const ADMIN = { user: 'admin', password: 'Adm:in\\pass"word\'$x' };
export const SECRET = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:aurora-Ab12Cd';

/** Makes the target as a cloud would, with our ledger. */
export async function prepareTarget(target: TestServer): Promise<void> {
  await managedAdmin(target.server, { admin: ADMIN, database: 'shop' });
  const client = await target.client('shop');
  await client.query(`SET ROLE ${ADMIN.user};
    CREATE SCHEMA pontoon;
    CREATE TABLE pontoon.objects (server text, kind text, name text, owner text NOT NULL, adopted boolean NOT NULL, spec jsonb NOT NULL, attempted jsonb, secret_versions jsonb NOT NULL, before jsonb NOT NULL, applied_at timestamptz NOT NULL DEFAULT pg_catalog.now(), PRIMARY KEY (server, kind, name));
    CREATE TABLE pontoon.requests (id text PRIMARY KEY, outcome jsonb NOT NULL, answered_at timestamptz NOT NULL DEFAULT pg_catalog.now());
    RESET ROLE`);
}

/** The content of the document as it is deployed. */
export const DOCUMENT = {
  schemaVersion: '2.2',
  parameters: Object.fromEntries(
    Object.entries(SCHEMA_COPY_PATTERNS).map(([name, allowedPattern]) => [
      name,
      { type: 'String', allowedPattern },
    ]),
  ),
  mainSteps: [
    {
      action: 'aws:runShellScript',
      name: 'copySchema',
      inputs: { timeoutSeconds: '300', runCommand: schemaCopyScript().split('\n') },
    },
  ],
};

/** How a command ended. */
export interface CommandEnd {
  readonly Status: string;
  readonly StandardOutputContent: string;
  readonly StandardErrorContent: string;
  /** What took the place of something. */
  readonly standIns: readonly string[];
}

/** What a test wants otherwise. */
export interface CopyOptions {
  readonly password?: string;
  /** Called while the program that fetches a secret waits for it. */
  readonly whileFetching?: () => void;
}

/** Copies `schemas` of the database shop by the script, and returns how the command ended. */
export async function copy(
  [source, target]: readonly [Pick<TestServer, 'server' | 'workspace'>, TestServer],
  schemas: readonly string[],
  { password = ADMIN.password, whileFetching }: CopyOptions = {},
): Promise<CommandEnd> {
  const ssm = new SsmStandIn({
    workspace: source.workspace,
    secret: (reference) => {
      whileFetching?.();
      return reference === SECRET ? JSON.stringify({ username: ADMIN.user, password }) : undefined;
    },
    instance: () => source.server,
  });
  ssm.add('document', DOCUMENT);
  const { host, port, caCertificate } = target.server;
  const parameters = schemaCopyParameters({
    connection: {
      server: 'aurora',
      host,
      port,
      database: 'shop',
      secret: SECRET,
      sslMode: 'verify-full',
      caCertificate,
    },
    sourceDatabase: 'shop',
    schemas,
    transformations: [],
    entry: {
      server: 'aurora',
      kind: 'schema-copy',
      name: 'standby/shop',
      owner: 'stack/Schema',
      spec: { kind: 'schema-copy', schemas },
    },
  });
  const operations = ssm.operations();
  const call = async (name: string, input: unknown): Promise<unknown> =>
    await operations[`AmazonSSM.${name}`]?.(input);
  const sent = (await call('SendCommand', {
    DocumentName: 'document',
    Targets: [{ Key: 'tag:pontoon:standby', Values: ['vol-1'] }],
    Parameters: Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, [v]])),
  })) as { readonly Command: { readonly CommandId: string } };
  const { CommandId } = sent.Command;
  for (;;) {
    const answer = (await call('GetCommandInvocation', {
      CommandId,
      InstanceId: `i-${source.server.name}`,
    })) as CommandEnd;
    if (answer.Status !== 'InProgress') {
      await ssm.close();
      return { ...answer, standIns: ssm.standIns.map(({ name }) => name) };
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Tables, columns, constraints and the like of `schemas`, in words that do not depend on the server. */
export async function describeSchemas(
  client: Client,
  schemas: readonly string[],
): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(
    `WITH n AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY ($1))
SELECT line FROM (
  SELECT format('relation %I.%I %s owner %s acl %s%s identity %s rls %s %s', nspname, relname, relkind, pg_get_userbyid(relowner), (SELECT array_agg(replace(a::text, 'arwdDxtm', 'arwdDxt') ORDER BY a::text) FROM unnest(relacl) a), CASE relacl WHEN '{}' THEN 'none' END, relreplident, relrowsecurity, pg_get_expr(relpartbound, c.oid)) AS line FROM pg_class c JOIN n ON n.oid = relnamespace
  UNION ALL SELECT format('column %I.%I.%I %s %s %s %s %s %s %s %s', nspname, relname, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), attidentity, attgenerated, attcollation::regcollation, attacl, attnum) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN n ON n.oid = relnamespace LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'v', 'm')
  UNION ALL SELECT format('constraint %I.%s %I %s %s', nspname, conrelid::regclass, conname, pg_get_constraintdef(c.oid), convalidated) FROM pg_constraint c JOIN n ON n.oid = connamespace WHERE contype <> 'n'
  UNION ALL SELECT 'index ' || pg_get_indexdef(indexrelid) FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN n ON n.oid = relnamespace
  UNION ALL SELECT 'trigger ' || tgenabled::text || ' ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN n ON n.oid = relnamespace WHERE NOT tgisinternal
  UNION ALL SELECT format('function %s owner %s acl %s', pg_get_functiondef(p.oid), pg_get_userbyid(proowner), proacl) FROM pg_proc p JOIN n ON n.oid = pronamespace WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
  UNION ALL SELECT format('type %I.%I %s %s %s %s', nspname, typname, typtype, (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid), typnotnull, typdefault) FROM pg_type t JOIN n ON n.oid = typnamespace WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')
  UNION ALL SELECT format('view %I.%I %s', schemaname, viewname, definition) FROM pg_views WHERE schemaname = ANY ($1)
  UNION ALL SELECT format('materialized %I.%I %s', schemaname, matviewname, definition) FROM pg_matviews WHERE schemaname = ANY ($1)
  UNION ALL SELECT format('sequence %I.%I %s %s %s %s %s', schemaname, sequencename, data_type, start_value, increment_by, cache_size, cycle) FROM pg_sequences WHERE schemaname = ANY ($1)
  UNION ALL SELECT format('policy %I.%I %I %s %s %s %s', schemaname, tablename, policyname, permissive, roles, cmd, qual) FROM pg_policies WHERE schemaname = ANY ($1)
  UNION ALL SELECT format('default privileges %s %s %s', pg_get_userbyid(defaclrole), defaclobjtype, defaclacl) FROM pg_default_acl JOIN n ON n.oid = defaclnamespace
  UNION ALL SELECT format('schema %I acl %s', nspname, (SELECT nspacl FROM pg_namespace p WHERE p.oid = n.oid)) FROM n WHERE nspname <> 'public'
  UNION ALL SELECT format('type %I.%I owner %s acl %s', nspname, typname, pg_get_userbyid(typowner), typacl) FROM pg_type t JOIN n ON n.oid = typnamespace WHERE NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')
  UNION ALL SELECT format('attribute %s.%I %s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod), attcollation::regcollation) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN n ON n.oid = relnamespace WHERE relkind = 'c' AND NOT attisdropped
  UNION ALL SELECT format('options %s %s %s', c.oid::regclass, relpersistence, reloptions) FROM pg_class c JOIN n ON n.oid = relnamespace WHERE relkind <> 'c'
  UNION ALL SELECT format('comment %s %s %s', o.type, o.identity, description) FROM pg_description d, pg_identify_object(classoid, objoid, objsubid) o WHERE o.schema = ANY ($1) OR o.identity IN (SELECT quote_ident(nspname) FROM n) OR EXISTS (SELECT FROM n WHERE o.identity LIKE '% on ' || quote_ident(nspname) || '.%')
) lines ORDER BY line COLLATE "C"`,
    [schemas],
  );
  return rows.map(({ line }) => line);
}
