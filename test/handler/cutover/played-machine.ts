// The state machine of a template, with the shipped bundle behind it, between the two writers of a lab.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { ClientConfig } from 'pg';
import { context } from '../../../cdk.json';
import {
  CutoverEndpoint,
  CutoverStateMachine,
  RunnerFunction,
  ServerBinding,
} from '../../../lib/aws';
import { createTopology, LinkKind, Platform } from '../../../lib/postgres';
import { readCloudAssembly } from '../../../lib/rehearsal/assembly';
import {
  AwsEndpointStandIn,
  AwsServiceError,
  HostedZones,
  SecretStore,
} from '../../../lib/rehearsal/aws-endpoint';
import { AddressBook } from '../../../lib/rehearsal/cloud/addresses';
import { madeUpAttribute } from '../../../lib/rehearsal/cloud/unplayed';
import { CloudFormationStandIn } from '../../../lib/rehearsal/cloudformation';
import { type LambdaLogLine, LambdaStandIn } from '../../../lib/rehearsal/lambda';
import {
  type PublishedMessage,
  type StartedExecution,
  StepFunctionsStandIn,
} from '../../../lib/rehearsal/step-functions';
import type { CutoverLab } from '../../runner/cutover/lab';

const ZONE = 'Z0123456789ABCDEFGHIJ';
const RECORD = 'db.shop.internal';
const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret';
const ADMIN = `${ARN}:admin-AbCdEf`;
const READER = `${ARN}:reader-AbCdEf`;

/** Everything of one deployed cutover. */
export class PlayedMachine {
  public readonly messages: PublishedMessage[] = [];
  /** Told of each line that the function writes. */
  public onLog: (line: LambdaLogLine) => void = () => undefined;
  /** Whether Route 53 refuses whatever it is asked. */
  public refused = false;
  /** The inputs of the scheduled rule's targets. */
  public watches: readonly Record<string, unknown>[] = [];
  public functionArn = '';
  private machineArn = '';

  private constructor(
    public readonly lab: CutoverLab,
    public readonly endpoint: AwsEndpointStandIn,
    public readonly functions: LambdaStandIn,
    public readonly machines: StepFunctionsStandIn,
    private readonly zones: HostedZones,
    private readonly addresses: AddressBook,
    private readonly secrets: SecretStore,
    private readonly directory: string,
  ) {}

  /** Deploys a cutover that asks for approval, with `lab` behind its addresses. */
  public static async deploy(lab: CutoverLab): Promise<PlayedMachine> {
    const zones = new HostedZones();
    zones.add(ZONE, [{ name: RECORD, type: 'CNAME', ttl: 2, values: ['blue.example'] }]);
    const secrets = new SecretStore();
    await putLogins(secrets, lab);
    const endpoint = await AwsEndpointStandIn.start(secrets.operations());
    endpoint.registerXml((request) => {
      const call = zones.service(request);
      const refuse = (): never => {
        throw new AwsServiceError('AccessDenied', 'not now', 403);
      };
      return call && played.refused ? { ...call, answer: refuse } : call;
    });
    const addresses = new AddressBook();
    addresses.add('blue.example', lab.blue.server);
    addresses.add('green.example', lab.green.server);
    const functions = new LambdaStandIn({
      endpointUrl: endpoint.url,
      onLog: (line) => played.onLog(line),
    });
    const machines = new StepFunctionsStandIn({
      invoke: (arn, payload) => functions.invoke(arn, addresses.redirect(payload)),
      onMessage: (message) => played.messages.push(message),
      pauseMsPerSecond: 50,
    });
    const directory = mkdtempSync(join(tmpdir(), 'pontoon-machine-'));
    const played = new PlayedMachine(
      lab,
      endpoint,
      functions,
      machines,
      zones,
      addresses,
      secrets,
      directory,
    );
    await played.play().catch(async (error: unknown) => {
      await played.close();
      throw error;
    });
    return played;
  }

  /** Starts an execution. */
  public start(action: string, more: object = {}): StartedExecution {
    return this.machines.start(this.machineArn, { action, ...more });
  }

  /** Runs an execution to its end, and approves when it asks. */
  public async walk(action: string, more: object = {}): Promise<StartedExecution> {
    const started = this.start(action, more);
    await Promise.race([started.ended, this.asked(started)]);
    this.approve();
    await started.ended;
    return started;
  }

  /** Waits until an execution asks for approval, or has ended. */
  public async asked({ execution }: StartedExecution): Promise<void> {
    const waits = (): boolean =>
      execution.history.some(({ type }) =>
        ['TaskSubmitted', 'ExecutionFailed', 'ExecutionSucceeded'].includes(type),
      );
    while (!waits()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Approves what asked last. */
  public approve(): void {
    const token = this.token();
    if (token !== undefined) this.machines.sendTaskSuccess(token, 'true');
  }

  /** The token that was sent last, once. */
  public token(): string | undefined {
    const { message } = this.messages.pop() ?? {};
    return message === undefined ? undefined : JSON.parse(message).taskToken;
  }

  /** Runs the function as the schedule does, but for `changes`. */
  public async watch(index: number, changes: object = {}): Promise<unknown> {
    const event = { ...this.watches[index], ...changes };
    const { payload, error } = await this.functions.invoke(
      this.functionArn,
      this.addresses.redirect(event),
    );
    if (error !== undefined) throw new Error(error);
    return payload;
  }

  /** Runs the function as the schedule does, while no server but `server` can be reached. */
  public async watchAlone(index: number, server: string): Promise<unknown> {
    const event = this.addresses.redirect(this.watches[index]) as {
      readonly input: { readonly connections: Readonly<Record<string, object>> };
    };
    const connections = Object.fromEntries(
      Object.entries(event.input.connections).map(([name, connection]) => [
        name,
        name === server ? connection : { ...connection, port: '1' },
      ]),
    );
    const { payload, error } = await this.functions.invoke(this.functionArn, {
      ...event,
      input: { ...event.input, connections },
    });
    if (error !== undefined) throw new Error(error);
    return payload;
  }

  /** Puts the present passwords of the lab into its secrets. */
  public async putLogins(): Promise<void> {
    await putLogins(this.secrets, this.lab);
  }

  /** Puts another password of the runner's own login into its secret. */
  public putAdmin(password: string): void {
    this.secrets.put(ADMIN, JSON.stringify({ username: 'dbadmin', password }));
  }

  /** Where the record leads. */
  public get active(): 'blue' | 'green' {
    return this.zones.find(ZONE, RECORD) === 'green.example' ? 'green' : 'blue';
  }

  /** How applications connect at the moment. */
  public application(): ClientConfig {
    return this.lab
      .side(this.active)
      .server.connectionConfig('app', { user: 'app', password: this.lab.appPassword });
  }

  public async close(): Promise<void> {
    await this.functions.close();
    await this.endpoint.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async play(): Promise<void> {
    const assembly = readCloudAssembly(synthesize(this.directory));
    const cloudFormation = await CloudFormationStandIn.start({
      invoke: async () => ({ error: 'no custom resource is played here' }),
      players: {
        ...this.functions.players,
        ...this.machines.players,
        'AWS::Events::Rule': {
          uses: ['Targets'],
          create: async ({ logicalId, properties }) => {
            this.watches = (properties.Targets as { Input: string }[]).map(({ Input }) =>
              JSON.parse(Input),
            );
            return { physicalId: logicalId, attributes: { Arn: `arn:${logicalId}` } };
          },
        },
      },
      playsCustom: () => false,
      attributes: madeUpAttribute,
    });
    const { status, reason, outputs } = await cloudFormation.deploy(assembly, 'App');
    await cloudFormation.close();
    if (status !== 'CREATE_COMPLETE') throw new Error(reason);
    this.functionArn = String(outputs.Function);
    this.machineArn = String(outputs.Machine);
  }
}

async function putLogins(secrets: SecretStore, lab: CutoverLab): Promise<void> {
  const { admin, reader } = await lab.logins();
  for (const [arn, { username, password }] of [
    [ADMIN, admin],
    [READER, reader],
    // As the objects that the lab has deployed name it.
    ['env:READER_', reader],
  ] as const)
    secrets.put(arn, JSON.stringify({ username, password }));
}

function synthesize(outdir: string): string {
  const app = new App({ analyticsReporting: false, context, outdir });
  const stack = new Stack(app, 'App');
  const vpc = new Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const runner = new RunnerFunction(stack, 'Runner', { vpc });
  const secret = Secret.fromSecretCompleteArn(stack, 'Admin', ADMIN);
  const bind = (server: string): ServerBinding =>
    new ServerBinding({
      server,
      host: `${server}.example`,
      database: 'app',
      secret,
      caCertificate: 'aws-rds',
    });
  const { stateMachine } = new CutoverStateMachine(stack, 'Cutover', {
    runner,
    topology: createTopology({
      servers: {
        blue: { platform: Platform.AURORA, majorVersion: 17, database: 'app' },
        green: { platform: Platform.AURORA, majorVersion: 17, database: 'app' },
      },
      links: [
        {
          kind: LinkKind.NATIVE,
          from: 'blue',
          to: 'green',
          slotName: 'forward',
          selection: { schemas: ['shop'] },
        },
      ],
    }),
    bindings: [bind('blue'), bind('green')],
    migrationName: 'shop',
    newWriter: 'green',
    forward: { replicationName: 'forward' },
    wayBack: {
      replicationName: 'backward',
      secret: Secret.fromSecretCompleteArn(stack, 'Reader', READER),
    },
    keepRoles: { blue: ['reader'], green: ['reader'] },
    endpoint: CutoverEndpoint.route53Record(
      PrivateHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
        hostedZoneId: ZONE,
        zoneName: 'shop.internal',
      }),
      RECORD,
      2,
    ),
    approval: { topic: new Topic(stack, 'Operators') },
  });
  new CfnOutput(stack, 'Function', { value: runner.function.functionArn });
  new CfnOutput(stack, 'Machine', { value: stateMachine.stateMachineArn });
  return app.synth().directory;
}
