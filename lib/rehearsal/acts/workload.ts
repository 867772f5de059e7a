import type { QualifiedName } from '../../postgres';
import { type EndpointResolver, TcpEndpoint } from '../endpoint';
import { randomPassword, type Server, type Superuser } from '../servers';
import { asSuperuser, OWNER, type Source } from '../source';
import { admitApplications } from '../workload/application-login';
import { Applications, type WorkloadServer } from '../workload/applications';
import { writtenTable } from '../workload/sample-tables';
import { Sampler } from '../workload/sampler';
import type { Scene } from './scene';

const WRITES_PER_SECOND = 200;

/** Beside the sample tables, in a schema that is selected as a whole. */
const TABLE = 'rehearsal_writes';

/** What goes on while the acts are played: applications write through their endpoint, and the lag is looked at. */
export class Workload {
  private constructor(
    private readonly scene: Scene,
    public readonly source: Source,
    /** What applications write, and what they were told. */
    public readonly applications: Applications,
    private readonly sampler: Sampler,
    private readonly lead: Lead,
  ) {}

  /** Starts it: from before the deployment until everything has been shown. */
  public static async start(scene: Scene, source: Source): Promise<Workload> {
    const { sourceDatabase, context } = scene;
    const { recorder, findings, chain } = context;
    const table = { schema: writtenTable(source.tables).schema, name: TABLE };
    const login = await asSuperuser(
      source.server,
      sourceDatabase,
      async (client) => await admitApplications(client, table, OWNER, randomPassword()),
    );
    findings.secrets.push(login.password);
    const lead = await Lead.open({ name: chain.source, server: source.server }, login);
    const applications = await Applications.start({
      connection: lead.connection(sourceDatabase),
      table,
      servers: lead.servers,
      rate: WRITES_PER_SECOND,
    });
    const sampler = new Sampler({
      source: source.server,
      standby: () => scene.standby,
      now: () => recorder.now(),
      written: () => applications.acknowledged,
      onSample: (sample) => recorder.sample(sample),
    });
    return new Workload(scene, source, applications, sampler, lead);
  }

  /** A sample table, whose rows are timed one by one. */
  public get table(): QualifiedName {
    return writtenTable(this.source.tables);
  }

  /** The login of the applications. */
  public get login(): Superuser {
    return this.lead.login;
  }

  /** Has the endpoint lead where `resolver` says, to the source or to `target`. */
  public follow(resolver: EndpointResolver, name: string, target: Server): void {
    this.lead.follow(resolver, { name, server: target });
  }

  /** Stops writing. */
  public async stopWriting(): Promise<void> {
    await this.applications.stop();
  }

  /** Ends it all. What failed is written down as a problem. */
  public async end(): Promise<void> {
    const { findings } = this.scene.context;
    // A failure of theirs must not keep the stack from being deleted, nor hide what failed before.
    for (const ended of await Promise.allSettled([this.stopWriting(), this.sampler.stop()]))
      if (ended.status === 'rejected')
        findings.problems.push(`the workload ended: ${String(ended.reason)}`);
    await this.lead.close();
    findings.written = this.applications.acknowledged;
  }
}

interface Led {
  /** In the topology. */
  readonly name: string;
  readonly server: Server;
}

/** Where applications are led to. Servers join it as they come about. */
class Lead {
  /** The servers, as far as there are any. */
  public readonly servers: WorkloadServer[] = [];
  private readonly authorities: string[] = [];

  private constructor(
    private readonly endpoint: TcpEndpoint,
    private readonly way: { resolver: EndpointResolver },
    public readonly login: Superuser,
  ) {}

  public static async open(first: Led, login: Superuser): Promise<Lead> {
    const way: { resolver: EndpointResolver } = { resolver: async () => first.server };
    const lead = new Lead(await TcpEndpoint.start(() => way.resolver()), way, login);
    lead.add(first);
    return lead;
  }

  public connection(database: string) {
    const { host, port } = this.endpoint;
    // Node verifies 'localhost' unless it is told the address.
    return { host, port, database, ...this.login, ssl: { ca: this.authorities, host } };
  }

  public follow(resolver: EndpointResolver, led: Led): void {
    this.add(led);
    this.way.resolver = resolver;
  }

  public async close(): Promise<void> {
    await this.endpoint.close();
  }

  private add({ name, server }: Led): void {
    this.servers.push({ name, port: server.port });
    this.authorities.push(server.caCertificate);
  }
}
