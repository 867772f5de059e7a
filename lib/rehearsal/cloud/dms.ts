import { PontoonError } from '../../postgres';
import { isRecord, recordOf } from '../assembly';
import type { AwsOperations, SecretStore } from '../aws-endpoint';
import type { ResourceOutcome, ResourcePlayers, ResourceRequest } from '../cloudformation';
import {
  type DmsMigrationType,
  type DmsProgress,
  DmsStandIn,
  type DmsTaskResource,
  dmsEndpoint,
  dmsStandInBehaviours,
  dmsStandInNotReproduced,
} from '../dms';
import type { StandIn } from '../servers';
import type { AddressBook } from './addresses';

/** What the stand-in of AWS DMS needs. */
export interface DmsCloudOptions {
  readonly addresses: AddressBook;
  readonly secrets: SecretStore;
  /** Hears what tasks do. */
  readonly onProgress: (progress: DmsProgress) => void;
}

/** The stand-in of AWS DMS, for the report. */
export const DMS_STAND_IN: StandIn = {
  name: 'AWS DMS',
  reason: 'there is no AWS DMS on this machine',
  behaviours: dmsStandInBehaviours.map(({ name }) => name),
  notReproduced: dmsStandInNotReproduced.map(({ name }) => name),
};

/** Plays the endpoints, instances and tasks of AWS DMS, and answers its API. */
export class DmsCloud {
  private readonly endpoints = new Map<string, EndpointDefinition>();
  private readonly tasks: DmsTaskResource[] = [];
  private readonly replications: DmsTaskResource[] = [];

  constructor(private readonly options: DmsCloudOptions) {}

  /** Whether any task was ever made. */
  public used = false;

  /** The operations that the handler calls. */
  public operations(): AwsOperations {
    const api = dmsEndpoint({ tasks: this.tasks, replications: this.replications });
    return Object.fromEntries(
      Object.entries(api).map(([name, operation]) => [`AmazonDMSv20160101.${name}`, operation]),
    );
  }

  /** Stops what still runs. */
  public async close(): Promise<void> {
    for (const { engine } of [...this.tasks, ...this.replications]) {
      if (['starting', 'running'].includes(engine.state().status)) await engine.stop();
      await engine.ended();
    }
  }

  /** Plays the resources of AWS DMS. */
  public readonly players: ResourcePlayers = {
    'AWS::DMS::Certificate': {
      uses: ['CertificatePem'],
      create: async (request) => {
        requireCertificate(request);
        return { physicalId: arn(request, 'cert'), attributes: {} };
      },
    },
    'AWS::DMS::Endpoint': {
      create: async (request) => {
        const physicalId = arn(request, 'endpoint');
        this.endpoints.set(physicalId, this.define(request));
        return { physicalId, attributes: { ExternalId: '' } };
      },
    },
    'AWS::DMS::ReplicationSubnetGroup': {
      uses: [],
      create: async ({ logicalId }) => ({ physicalId: logicalId.toLowerCase(), attributes: {} }),
    },
    'AWS::DMS::ReplicationInstance': {
      uses: [],
      create: async (request) => ({ physicalId: arn(request, 'rep'), attributes: {} }),
    },
    'AWS::DMS::ReplicationTask': {
      create: (request) =>
        this.createTask(request, this.tasks, {
          type: 'MigrationType',
          settings: 'ReplicationTaskSettings',
        }),
      delete: async (_request, current) => this.deleteTask(current, this.tasks),
    },
    'AWS::DMS::ReplicationConfig': {
      create: (request) =>
        this.createTask(request, this.replications, {
          type: 'ReplicationType',
          settings: 'ReplicationSettings',
        }),
      delete: async (_request, current) => this.deleteTask(current, this.replications),
    },
  };

  private async createTask(
    request: ResourceRequest,
    list: DmsTaskResource[],
    names: { readonly type: string; readonly settings: string },
  ): Promise<ResourceOutcome> {
    const { properties } = request;
    const physicalId = arn(request, 'task');
    const source = this.endpoint(properties.SourceEndpointArn);
    const target = this.endpoint(properties.TargetEndpointArn);
    const migrationType = String(properties[names.type]) as DmsMigrationType;
    const engine = new DmsStandIn({
      source: source.client,
      target: target.client,
      sourceSettings: source.settings,
      targetSettings: target.settings,
      tableMappings: properties.TableMappings,
      taskSettings: properties[names.settings],
      migrationType,
      ...(properties.CdcStartPosition === undefined
        ? {}
        : { cdcStartPosition: String(properties.CdcStartPosition) }),
      onProgress: this.options.onProgress,
    });
    this.used = true;
    list.push({
      arn: physicalId,
      identifier: request.logicalId.toLowerCase(),
      migrationType,
      sourceEndpointArn: String(properties.SourceEndpointArn),
      targetEndpointArn: String(properties.TargetEndpointArn),
      ...(properties.ReplicationInstanceArn === undefined
        ? {}
        : { instanceArn: String(properties.ReplicationInstanceArn) }),
      tags: tagsOf(properties.Tags),
      engine,
    });
    return {
      physicalId,
      attributes: { ReplicationTaskArn: physicalId, ReplicationConfigArn: physicalId },
    };
  }

  private async deleteTask(current: ResourceOutcome, list: DmsTaskResource[]): Promise<void> {
    const at = list.findIndex((task) => task.arn === current.physicalId);
    const task = list[at];
    if (task === undefined) return;
    const { status } = task.engine.state();
    if (['starting', 'running', 'stopping'].includes(status)) {
      throw new PontoonError(
        'DMS_STATE',
        `DMS task '${task.identifier}' must be stopped before it is deleted, got ${status}; stop it by a resource that is deleted first`,
      );
    }
    list.splice(at, 1);
  }

  private endpoint(endpointArn: unknown): EndpointDefinition {
    const found = this.endpoints.get(String(endpointArn));
    if (found !== undefined) return found;
    throw new PontoonError(
      'DMS_STATE',
      `endpoint '${String(endpointArn)}' must be made before its task, got no such endpoint; check the template's dependencies`,
    );
  }

  /** AWS DMS takes address and login from the secret. */
  private define({ logicalId, properties }: ResourceRequest): EndpointDefinition {
    const settings = recordOf(properties.PostgreSqlSettings);
    const secret = this.options.secrets.find(String(settings.SecretsManagerSecretId));
    if (secret === undefined) {
      throw new PontoonError(
        'DMS_STATE',
        `endpoint '${logicalId}' must name a secret that exists, got '${String(settings.SecretsManagerSecretId)}'; play the secret`,
      );
    }
    const login = recordOf(JSON.parse(secret.value));
    const server = this.options.addresses.find(String(login.host));
    return {
      settings,
      client: server.connectionConfig(String(properties.DatabaseName), {
        user: String(login.username),
        password: String(login.password),
      }),
    };
  }
}

interface EndpointDefinition {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly client: ReturnType<Parameters<AddressBook['add']>[1]['connectionConfig']>;
}

function requireCertificate({ logicalId, properties }: ResourceRequest): void {
  const pem = String(properties.CertificatePem);
  if (/^-----BEGIN CERTIFICATE-----\n[\s\S]+\n-----END CERTIFICATE-----\s*$/.test(pem)) return;
  throw new PontoonError(
    'DMS_STATE',
    `certificate '${logicalId}' must be PEM, got ${JSON.stringify(pem.slice(0, 40))}…; check the expression in the template`,
  );
}

function arn({ stack, logicalId }: ResourceRequest, kind: string): string {
  return `arn:${stack.partition}:dms:${stack.region}:${stack.account}:${kind}:${logicalId.toUpperCase()}`;
}

function tagsOf(tags: unknown): Record<string, string> {
  if (!Array.isArray(tags)) return {};
  return Object.fromEntries(
    tags.filter(isRecord).map(({ Key, Value }) => [String(Key), String(Value)]),
  );
}
