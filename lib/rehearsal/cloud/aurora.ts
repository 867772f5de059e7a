import { recordOf } from '../assembly';
import { createStatementView } from '../checks/statements';
import type { ResourcePlayers, ResourceRequest } from '../cloudformation';
import {
  createServer,
  managedAdmin,
  type Server,
  type Shim,
  translateManagedSettings,
  type Workspace,
  withStatementLibrary,
} from '../servers';
import type { AddressBook } from './addresses';

/** A cluster as it stands on this machine. */
export interface Cluster {
  readonly server: Server;
  /** The role that the cluster was made with. */
  readonly administrator: string;
}

/** What a cluster needs. */
export interface AuroraOptions {
  readonly workspace: Workspace;
  readonly addresses: AddressBook;
  /** The target's name in the topology. */
  readonly name: string;
  /** Its PostgreSQL major. */
  readonly major: number;
  /** Told of the server that stands for the cluster. */
  readonly onCluster: (cluster: Cluster) => void;
}

/** A server that runs before the stack makes the cluster that it stands for. */
export interface StartedServer {
  readonly server: Server;
  /** Told of the cluster's administrator. */
  readonly onCluster: (administrator: string) => Promise<void>;
}

/** Plays Aurora clusters and their parameter groups by a server whose administrator is no superuser. */
export class Aurora {
  /** What Amazon RDS adds to the secret of a cluster, by the cluster's id. */
  public readonly attachedFields = new Map<string, Readonly<Record<string, string | number>>>();
  private readonly parameters = new Map<string, Readonly<Record<string, string>>>();
  /** What was set differently than on Aurora. */
  public readonly shims: Shim[] = [];

  private readonly started = new Map<string, StartedServer>();

  constructor(private readonly options: AuroraOptions) {}

  /** Has a server that runs already stand for the cluster `logicalId` once the stack makes it. */
  public expect(logicalId: string, started: StartedServer): void {
    this.started.set(logicalId, started);
  }

  /** Plays the resources of Amazon RDS. */
  public readonly players: ResourcePlayers = {
    'AWS::RDS::DBClusterParameterGroup': {
      uses: ['Parameters'],
      create: async ({ logicalId, properties }) => {
        const entries = Object.entries(recordOf(properties.Parameters)).map(([name, value]) => [
          name,
          String(value),
        ]);
        this.parameters.set(logicalId, Object.fromEntries(entries));
        return { physicalId: logicalId, attributes: {} };
      },
    },
    'AWS::RDS::DBCluster': {
      uses: ['DBClusterParameterGroupName', 'DatabaseName', 'MasterUsername', 'MasterUserPassword'],
      create: (request) => this.createCluster(request),
    },
  };

  private async createCluster({ logicalId, properties, stack }: ResourceRequest) {
    const started = this.started.get(logicalId);
    const server = started?.server ?? (await this.startServer(properties));
    const administrator = String(properties.MasterUsername);
    const database = String(properties.DatabaseName);
    const admin = await managedAdmin(server, {
      admin: { user: administrator, password: String(properties.MasterUserPassword) },
      database,
    });
    this.shims.push(...admin.shims);
    const host = `${logicalId.toLowerCase()}.cluster.${stack.region}.rds.invalid`;
    this.options.addresses.add(host, server);
    if (started === undefined) this.options.onCluster({ server, administrator });
    else await started.onCluster(administrator);
    const physicalId = logicalId.toLowerCase();
    this.attachedFields.set(physicalId, {
      engine: 'postgres',
      host,
      port: 5432,
      dbname: database,
    });
    return {
      physicalId,
      attributes: {
        'Endpoint.Address': host,
        'Endpoint.Port': '5432',
        'ReadEndpoint.Address': host,
      },
    };
  }

  private async startServer(properties: ResourceRequest['properties']): Promise<Server> {
    const { workspace, name, major } = this.options;
    const group = this.parameters.get(String(properties.DBClusterParameterGroupName)) ?? {};
    const { settings, hba, shims } = translateManagedSettings(group);
    const server = await createServer(workspace, {
      name,
      major,
      superuser: 'rdsadmin',
      settings: await withStatementLibrary(major, settings),
      hba,
    });
    await server.start();
    await createStatementView(server);
    this.shims.push(...shims, ...server.shims);
    return server;
  }
}
