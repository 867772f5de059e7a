import { randomBytes } from 'node:crypto';
import { isManaged, Platform, serverOf } from '../postgres';
import { recordOf } from './assembly';
import {
  AwsEndpointStandIn,
  HostedZones,
  RDS_PROXY_STAND_IN,
  RdsProxies,
  ROUTE53_STAND_IN,
  SecretStore,
  secretPlayers,
  secretsManagerShims,
  secretsManagerStandIn,
} from './aws-endpoint';
import { AddressBook } from './cloud/addresses';
import { Aurora, type Cluster } from './cloud/aurora';
import { DMS_STAND_IN, DmsCloud } from './cloud/dms';
import { HandlerFunctions } from './cloud/handler-functions';
import { evaluateBinding, PLACE } from './cloud/place';
import { SCHEDULE_SHIM, Schedule } from './cloud/schedule';
import { StandbyHost } from './cloud/standby-host';
import { TOOLS_HOST_STAND_IN, TOOLS_HOST_TAG, toolsEnvironment } from './cloud/tools-host';
import { machineImages, madeUpAttribute } from './cloud/unplayed';
import {
  CloudFormationStandIn,
  cloudFormationShims,
  cloudFormationStandIn,
} from './cloudformation';
import { TCP_ENDPOINT_STAND_IN } from './endpoint';
import { lambdaShims, lambdaStandIn } from './lambda';
import { handOver, type NewSource } from './new-source';
import { REHEARSAL_SHIMS } from './rehearsal-shims';
import type { Server, Shim, StandIn } from './servers';
import { SsmStandIn } from './ssm';
import type { StageOptions } from './stage-options';
import { STEP_FUNCTIONS_STAND_IN, StepFunctionsStandIn } from './step-functions';

/** Everything that takes the place of a cloud on this machine, put together for one migration. */
export class Stage {
  public readonly addresses = new AddressBook();
  public readonly secrets = new SecretStore();
  public readonly zones = new HostedZones();
  public readonly proxies = new RdsProxies();
  /** The standby, once it streams. */
  public standby: Server | undefined;
  /** The target, once it is there. */
  public target: Cluster | undefined;
  /** The source, once it is there. */
  private source: Server | undefined;
  private readonly host: StandbyHost;
  private readonly aurora: Aurora;
  private readonly dms: DmsCloud;
  private readonly schedule: Schedule;
  private readonly ssm: SsmStandIn;
  private readonly functions: HandlerFunctions;
  public readonly stepFunctions: StepFunctionsStandIn;

  private constructor(
    private readonly options: StageOptions,
    private readonly endpoint: AwsEndpointStandIn,
  ) {
    const { workspace, migration, recorder } = options;
    const { addresses, secrets } = this;
    this.host = new StandbyHost({
      workspace,
      addresses,
      secrets,
      onStandby: (server) => {
        this.standby = server;
      },
      onEnd: options.onStandbyEnd,
    });
    this.aurora = new Aurora({
      workspace,
      addresses,
      name: options.target,
      major: serverOf(migration.topology, options.target).majorVersion,
      onCluster: (cluster) => {
        this.target = cluster;
      },
    });
    this.dms = new DmsCloud({
      addresses,
      secrets,
      onProgress: (progress) => {
        if (progress.type === 'table')
          recorder.progress(`DMS: ${progress.table.name} ${progress.state}, ${progress.rows} rows`);
      },
    });
    this.functions = new HandlerFunctions({
      ...options,
      endpointUrl: endpoint.url,
      addresses,
      source: () => this.managedSource,
      target: () => this.target?.server,
    });
    this.stepFunctions = new StepFunctionsStandIn({
      invoke: async (arn, input) => await this.functions.walk(arn, input),
      // Nobody is there to approve; a machine that asks is refused by its own time limit.
      onMessage: ({ subject }) => recorder.note(subject),
      onEvent: ({ type, state }) => {
        if (type === 'TaskStateEntered' && state !== undefined) recorder.progress(state);
      },
    });
    this.schedule = new Schedule({
      invoke: async (arn, input) => (await this.functions.call(arn, input)).error,
      onFailure: options.onScheduleFailure,
    });
    this.ssm = new SsmStandIn({
      workspace,
      secret: (reference) => secrets.find(reference)?.value,
      instance: (key) => (key === TOOLS_HOST_TAG ? this.source : this.standby),
      environment: (server) =>
        server === this.source ? toolsEnvironment(server, this.target?.server) : {},
    });
    endpoint.register({
      ...secrets.operations(),
      ...this.dms.operations(),
      ...this.ssm.operations(),
    });
    endpoint.registerXml(this.zones.service);
    endpoint.registerXml(this.proxies.service);
  }

  /** Starts the endpoints of the cloud. */
  public static async set(options: StageOptions): Promise<Stage> {
    return new Stage(options, await AwsEndpointStandIn.start());
  }

  /** A CloudFormation that plays on this stage. */
  public async cloudFormation(): Promise<CloudFormationStandIn> {
    const { recorder } = this.options;
    return await CloudFormationStandIn.start({
      ...PLACE,
      invoke: async (serviceToken, event) => await this.functions.reconcile(serviceToken, event),
      players: {
        ...secretPlayers(this.secrets, (id) => this.aurora.attachedFields.get(id)),
        ...this.functions.players,
        ...this.host.players,
        ...this.aurora.players,
        ...this.dms.players,
        ...this.schedule.players,
        ...this.stepFunctions.players,
        ...this.ssm.players,
      },
      // Custom resources of the CDK and of the user call AWS, which is not here.
      playsCustom: (type) => type.startsWith('Custom::Pontoon'),
      attributes: madeUpAttribute,
      ssmParameters: machineImages(this.options.migration.stack.template),
      dynamicReference: (reference) => this.secrets.resolve(reference),
      onEvent: (event) => recorder.resource(event),
    });
  }

  /**
   * Makes a login for a server that the stack only refers to, under the reference that its binding names. Returns the
   * password.
   */
  public addLogin(server: string, username: string): string {
    const password = randomBytes(24).toString('base64url');
    const reference = this.evaluateBinding(server, 'secret');
    this.secrets.put(reference, JSON.stringify({ username, password }));
    return password;
  }

  /** Has `server`, which was there before the stack, answer for `host`. */
  public addSource(server: Server, host: string): void {
    this.source = server;
    this.addresses.add(host, server);
  }

  /** Has the server of `source` stand for the cluster that the stack makes of it. */
  public expectSource({ server, logicalId }: NewSource): void {
    this.source = server;
    this.aurora.expect(logicalId, {
      server,
      onCluster: (administrator) => handOver(server, administrator),
    });
  }

  /** The source, if it is one that a cloud manages. */
  private get managedSource(): Server | undefined {
    const { topology } = this.options.migration;
    const managed = Object.values(topology.servers).filter(isManaged).length;
    return managed > 1 ? this.source : undefined;
  }

  /** A field of a server's binding, with its expression evaluated. */
  public evaluateBinding(server: string, field: string): string {
    return evaluateBinding(this.options.migration, server, field);
  }

  /** The secret values that were used, to look for them elsewhere. */
  public secretValues(): readonly string[] {
    return this.secrets.values().flatMap((text) => {
      const { password } = recordOf(JSON.parse(text));
      return typeof password === 'string' ? [password] : [];
    });
  }

  /** What stood in for something so far. */
  public standIns(): readonly StandIn[] {
    return [
      cloudFormationStandIn,
      lambdaStandIn,
      secretsManagerStandIn,
      ...(this.zones.used ? [ROUTE53_STAND_IN] : []),
      ...(this.proxies.used ? [RDS_PROXY_STAND_IN] : []),
      ...(this.hasStandby() ? this.host.standIns : [TOOLS_HOST_STAND_IN]),
      ...(this.dms.used ? [DMS_STAND_IN] : []),
      TCP_ENDPOINT_STAND_IN,
      ...(this.stepFunctions.used ? [STEP_FUNCTIONS_STAND_IN] : []),
      ...this.ssm.standIns,
    ];
  }

  private hasStandby(): boolean {
    const { servers } = this.options.migration.topology;
    return Object.values(servers).some(({ platform }) => platform === Platform.EC2);
  }

  /** What was set differently so far. */
  public shims(): readonly Shim[] {
    return [
      ...REHEARSAL_SHIMS,
      SCHEDULE_SHIM,
      ...cloudFormationShims,
      ...lambdaShims,
      ...secretsManagerShims,
      ...this.host.shims,
      ...this.aurora.shims,
      ...this.functions.shims,
    ];
  }

  /** Stops everything that was started here. */
  public async close(): Promise<void> {
    await this.schedule.close();
    await this.dms.close();
    await this.ssm.close();
    await this.functions.close();
    await this.endpoint.close();
  }
}
