import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  type Endpoint,
  type EndpointCall,
  type SecretEndpointSpec,
  type SecretSide,
  sideOf,
} from '../postgres';
import { asking, isNamed, notSwitched, unavailable, unknownSide } from './endpoint-error';

/** The part of the SDK that is used here, loaded when it is first needed. */
type Sdk = typeof import('@aws-sdk/client-secrets-manager');

/** A secret's current version. Its fields hold a password: they are never printed. */
interface CurrentVersion {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const ATTEMPTS = 3;
const STAGE = 'PONTOON_SWITCH';
const ACTIONS = [
  'secretsmanager:GetSecretValue',
  'secretsmanager:DescribeSecret',
  'secretsmanager:PutSecretValue',
  'secretsmanager:UpdateSecretVersionStage',
];

/**
 * The address in a secret of AWS Secrets Manager. A new version is written beside the current one and becomes current
 * only if that one still is, so that a password which is rotated meanwhile is never lost. Applications that remember
 * the secret find the new address when they read it again.
 */
export class SecretEndpoint implements Endpoint {
  private loaded: Promise<readonly [Sdk, SecretsManagerClient]> | undefined;

  constructor(private readonly spec: SecretEndpointSpec) {}

  public async active({ signal }: EndpointCall = {}): Promise<string> {
    return this.requireSide(await this.read(signal));
  }

  public async activate(server: string, { signal }: EndpointCall = {}): Promise<void> {
    const side = sideOf(this.spec.sides, server);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const current = await this.read(signal);
      if (this.requireSide(current) === server) return;
      await this.requireNoRotation(current, server, signal);
      const next = await this.write(switched(current.fields, side), signal);
      if (await this.makeCurrent(next, current.id, signal)) {
        const now = await this.active({ signal });
        if (now === server) return;
      }
    }
    throw notSwitched(
      this.spec,
      server,
      `other versions in each of ${ATTEMPTS} attempts`,
      'somebody else changes the secret: let a rotation end, and try again',
    );
  }

  private async read(signal: AbortSignal | undefined): Promise<CurrentVersion> {
    const { SecretString, VersionId = '' } = await this.ask(signal, (sdk, client) =>
      client.send(new sdk.GetSecretValueCommand({ SecretId: this.spec.secret }), {
        abortSignal: signal,
      }),
    );
    return { id: VersionId, fields: this.parse(SecretString) };
  }

  private parse(text: string | undefined): Readonly<Record<string, unknown>> {
    try {
      const fields: unknown = JSON.parse(text ?? '');
      if (typeof fields === 'object' && fields !== null && !Array.isArray(fields))
        return fields as Readonly<Record<string, unknown>>;
    } catch {
      // The parser's own message quotes what it read; the same is said below without it.
    }
    throw unavailable(
      this.spec,
      'a value that is no JSON object',
      'store it as {"username": "…", "password": "…", "host": "…", "port": …}',
    );
  }

  private requireSide({ fields }: CurrentVersion): string {
    const found = Object.entries(this.spec.sides).find(([, side]) => isAt(fields, side));
    if (found !== undefined) return found[0];
    const { host, port, dbname } = fields;
    throw unknownSide(
      this.spec,
      (server) => addressOf(sideOf(this.spec.sides, server)),
      `'${[host, port, dbname].map((part) => part ?? '').join(' ')}'`,
    );
  }

  /** A rotation copies the fields when it begins, and would bring the old address back when it ends. */
  private async requireNoRotation(
    { id }: CurrentVersion,
    server: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { VersionIdsToStages = {} } = await this.ask(signal, (sdk, client) =>
      client.send(new sdk.DescribeSecretCommand({ SecretId: this.spec.secret }), {
        abortSignal: signal,
      }),
    );
    const pending = Object.entries(VersionIdsToStages).find(
      ([version, stages]) => version !== id && stages.includes('AWSPENDING'),
    );
    if (pending === undefined) return;
    throw notSwitched(
      this.spec,
      server,
      `a rotation under way, version '${pending[0]}'`,
      'it would bring the old address back: let it end, or cancel it with secretsmanager:CancelRotateSecret',
    );
  }

  private async write(text: string, signal: AbortSignal | undefined): Promise<string> {
    const token = randomUUID();
    await this.ask(signal, (sdk, client) =>
      client.send(
        new sdk.PutSecretValueCommand({
          SecretId: this.spec.secret,
          SecretString: text,
          ClientRequestToken: token,
          VersionStages: [STAGE],
        }),
        { abortSignal: signal },
      ),
    );
    // The token is the version's id.
    return token;
  }

  /** Whether `next` became current; not if `current` no longer was. */
  private async makeCurrent(
    next: string,
    current: string,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    try {
      await this.ask(signal, (sdk, client) =>
        client.send(
          new sdk.UpdateSecretVersionStageCommand({
            SecretId: this.spec.secret,
            VersionStage: 'AWSCURRENT',
            MoveToVersionId: next,
            RemoveFromVersionId: current,
          }),
          { abortSignal: signal },
        ),
      );
      return true;
    } catch (error) {
      if (error instanceof Error && isNamed(error.cause, 'InvalidParameterException')) return false;
      throw error;
    }
  }

  private async ask<Answer>(
    signal: AbortSignal | undefined,
    call: (sdk: Sdk, client: SecretsManagerClient) => Promise<Answer>,
  ): Promise<Answer> {
    const { spec } = this;
    return await asking(
      { spec, service: 'AWS Secrets Manager', actions: ACTIONS },
      signal,
      async () => {
        this.loaded ??= load();
        return await call(...(await this.loaded));
      },
    );
  }
}

async function load(): Promise<readonly [Sdk, SecretsManagerClient]> {
  const sdk = await import('@aws-sdk/client-secrets-manager');
  return [sdk, new sdk.SecretsManagerClient({})];
}

function isAt(fields: Readonly<Record<string, unknown>>, side: SecretSide): boolean {
  return (
    String(fields.host ?? '').toLowerCase() === side.host.toLowerCase() &&
    String(fields.port ?? '') === String(side.port) &&
    (side.database === undefined || fields.dbname === side.database)
  );
}

/** The same fields in the same order; a port that was a text stays one. */
function switched(fields: Readonly<Record<string, unknown>>, side: SecretSide): string {
  return JSON.stringify({
    ...fields,
    host: side.host,
    port: typeof fields.port === 'string' ? String(side.port) : side.port,
    ...(side.database === undefined ? {} : { dbname: side.database }),
  });
}

function addressOf({ host, port, database }: SecretSide): string {
  return `'${[host, port, ...(database === undefined ? [] : [database])].join(' ')}'`;
}
