import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import {
  type LedgerEntry,
  type ObjectKey,
  PontoonError,
  type SchemaCopyParameters,
  type SecretStore,
  schemaCopyParameters,
  schemasThere,
  type TargetNames,
  tablesInSchemas,
  targetNames,
} from '../postgres';
import { Deadline, Ledger, run, withConnection } from '../runner';
import {
  ANSWER_MS,
  type ResourceContext,
  type ResourceEvent,
  type ResourceHandler,
} from './resource';
import { physicalId, readProperties, type SchemaCopyProperties } from './schema-copy-properties';
import { type Invocation, SsmApi } from './ssm-api';

/** How the handler of schema copies works. */
export interface SchemaCopyHandlerOptions {
  /**
   * Milliseconds between two looks at the command.
   *
   * @default 1000
   */
  readonly pollMs?: number;
  /**
   * Milliseconds after which a command that no instance took is sent again: the standby's agent may just begin.
   *
   * @default 10000
   */
  readonly resendMs?: number;
}

/** Milliseconds that are left for finding out what a command did, when waiting for it is given up. */
const RESERVE_MS = ANSWER_MS + 5000;

/** Characters of what the server said that fit into CloudFormation's reason. */
const MOST_SAID = 1500;

/** Copies a database's schema by a command on the standby, once for each schema. */
export function schemaCopyHandler(
  secrets: SecretStore,
  { pollMs = 1000, resendMs = 30_000 }: SchemaCopyHandlerOptions = {},
): ResourceHandler {
  return async (event, context) => {
    const properties = readProperties(event.properties);
    const deadline = Deadline.after(Math.max(1000, context.remainingMs() - ANSWER_MS));
    const options = { purpose: 'schema copy', deadline, idleTimeoutMs: 0 };
    await withConnection(properties.connection, secrets, options, async (client) => {
      const copy = new SchemaCopy(client, secrets, {
        event,
        properties,
        context,
        pollMs,
        resendMs,
      });
      await copy.handle();
    });
    return { physicalResourceId: physicalId(properties), data: {} };
  };
}

interface Work extends Required<SchemaCopyHandlerOptions> {
  readonly event: ResourceEvent;
  readonly properties: SchemaCopyProperties;
  readonly context: ResourceContext;
}

class SchemaCopy {
  private readonly key: ObjectKey;
  private readonly ledger: Ledger;
  private readonly names: TargetNames;

  constructor(
    private readonly client: ClientBase,
    private readonly secrets: SecretStore,
    private readonly work: Work,
  ) {
    const { server, source, transformations } = work.properties;
    this.key = { server, kind: 'schema-copy', name: `${source.server}/${source.database}` };
    this.ledger = new Ledger(client, server);
    this.names = targetNames(transformations);
  }

  public async handle(): Promise<void> {
    const { requestType, requestId } = this.work.event;
    await this.ledger.alone(this.key, async () => {
      if (requestType === 'Delete' && !(await this.ledger.exists())) return;
      await this.ledger.require();
      if ((await this.ledger.answer(requestId)) !== undefined) return;
      if (requestType === 'Delete') await this.forget();
      else await this.apply();
      await this.ledger.remember(requestId, {});
    });
  }

  private async forget(): Promise<void> {
    const entry = await this.ledger.find(this.key);
    if (entry?.owner !== this.work.event.owner) return;
    await this.ledger.delete(this.key);
    this.work.context.log(`${this.what()}: forgotten; the schemas stay`);
  }

  private async apply(): Promise<void> {
    const { schemas } = this.work.properties;
    const entry = await this.ledger.find(this.key);
    this.checkOwner(entry);
    const copied = await this.there(schemasOf(entry));
    const left = copied.filter((name) => !schemas.includes(name));
    if (left.length > 0) this.work.context.log(`${this.what()}: ${left.join(', ')} stay`);
    const missing = schemas.filter((name) => !copied.includes(name));
    const absent = await this.withoutThoseThere(missing);
    const { owner } = this.work.event;
    const spec = { kind: 'schema-copy', schemas: [...copied, ...missing].sort() };
    if (absent.length > 0) await this.copy(absent, { ...this.key, owner, spec });
    else if (missing.length > 0)
      await this.ledger.write(this.key, {
        owner,
        spec,
        adopted: true,
        secretVersions: {},
        before: {},
      });
  }

  private checkOwner(entry: LedgerEntry | undefined): void {
    const { owner } = this.work.event;
    if (entry === undefined || entry.owner === owner) return;
    throw new PontoonError(
      'OWNED',
      `${this.what()} must belong to ${owner}, got the owner ${entry.owner}; change it there, or copy into another database`,
    );
  }

  /** Those of `schemas` that exist: what somebody dropped since it was copied is copied again. */
  private async there(schemas: readonly string[]): Promise<readonly string[]> {
    if (schemas.length === 0) return [];
    const rows = await run(this.client, schemasThere(schemas.map(this.names.schema)));
    const found = new Set(rows.map((row) => String(row.schema)));
    return schemas.filter((schema) => found.has(this.names.schema(schema)));
  }

  /** Nothing is copied over what is there. */
  private async withoutThoseThere(schemas: readonly string[]): Promise<readonly string[]> {
    if (schemas.length === 0) return [];
    // What is renamed is copied under its own name first.
    const called = schemas.flatMap((schema) => [schema, this.names.schema(schema)]);
    const rows = await run(this.client, tablesInSchemas([...new Set(called)]));
    const there = new Set(rows.map((row) => String(row.schema)));
    if (there.size === 0) return schemas;
    if (this.work.properties.adopt)
      return schemas.filter((schema) => !there.has(this.names.schema(schema)));
    throw new PontoonError(
      'EXISTS',
      `${this.what()} cannot be made, got tables in ${[...there].map((name) => JSON.stringify(name)).join(', ')} that somebody else made; drop the schema there, or take it as it is with 'adopt: true'`,
    );
  }

  private async copy(
    schemas: readonly string[],
    entry: ObjectKey & { readonly owner: string; readonly spec: unknown },
  ): Promise<void> {
    const { connection, source, transformations } = this.work.properties;
    const api = await SsmApi.load();
    const parameters = schemaCopyParameters({
      connection,
      sourceDatabase: source.database,
      schemas,
      transformations,
      entry,
    });
    const invocation = await this.run(api, parameters);
    // Whatever became of the command: the ledger's row came with the schema, in one transaction.
    // It is written only when everything that the source has arrived; an older row proves nothing.
    const copied = await this.there(schemasOf(await this.ledger.find(this.key)));
    if (schemas.every((schema) => copied.includes(schema))) return;
    throw new PontoonError(
      'SCHEMA_COPY',
      `${this.what()} must succeed, got ${invocation.status}: ${await this.said(invocation)}; mend what it says and deploy again`,
    );
  }

  private async run(api: SsmApi, parameters: SchemaCopyParameters): Promise<Invocation> {
    const { properties, context, pollMs, resendMs } = this.work;
    let command = '';
    let taken = false;
    for (let sentAt = 0; ; await delay(pollMs)) {
      if (!taken && Date.now() - sentAt > resendMs) {
        if (command !== '') await api.cancel(command);
        command = await api.send(properties.document, properties.instance, parameters);
        sentAt = Date.now();
        context.log(`${this.what()}: command ${command}`);
      }
      const invocation = await api.invocation(command);
      if (invocation !== undefined && invocation.phase !== 'running') return invocation;
      taken = invocation !== undefined;
      if (context.remainingMs() > RESERVE_MS + pollMs) continue;
      await api.cancel(command);
      return {
        phase: 'failed',
        status: invocation?.status ?? 'no instance',
        errors: taken
          ? 'it did not end in time'
          : `no instance with ${properties.instance.key} = ${properties.instance.value} took the command; is its SSM agent running?`,
      };
    }
  }

  /** The last of what was said, without the secret. */
  private async said({ errors }: Invocation): Promise<string> {
    const { password } = await this.secrets.get(this.work.properties.connection.secret);
    const text = errors
      .replaceAll(password, '***')
      .replace(/\s*failed to run commands: exit status \d+\s*$/, '')
      .trim();
    if (text === '') return 'nothing was said';
    return text.length <= MOST_SAID ? text : `…${text.slice(-MOST_SAID)}`;
  }

  private what(): string {
    return `schema copy '${this.key.name}' to '${this.key.server}'`;
  }
}

function schemasOf(entry: LedgerEntry | undefined): readonly string[] {
  const { schemas } = (entry?.spec ?? {}) as { readonly schemas?: unknown };
  return Array.isArray(schemas) ? schemas.filter((name) => typeof name === 'string') : [];
}
