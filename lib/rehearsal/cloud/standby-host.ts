import { PontoonError } from '../../postgres';
import { waitUntil } from '../../runner';
import { recordOf } from '../assembly';
import type { SecretStore } from '../aws-endpoint';
import type { ResourcePlayers, ResourceRequest } from '../cloudformation';
import {
  createStandby,
  LOOPBACK_HBA,
  type Server,
  type Shim,
  type StandIn,
  type Workspace,
  withStatementLibrary,
} from '../servers';
import { asSuperuser } from '../source';
import type { AddressBook } from './addresses';
import { readHostFiles } from './host-files';

/** What the instance of the standby needs. */
export interface StandbyHostOptions {
  readonly workspace: Workspace;
  readonly addresses: AddressBook;
  readonly secrets: SecretStore;
  /** Told of the standby once it streams. */
  readonly onStandby: (server: Server) => void;
  /** Told before the instance is taken away. */
  readonly onEnd: (server: Server) => Promise<void>;
}

/** What the boot script does here, and what is left to its own tests. */
export const STANDBY_HOST_STAND_IN: StandIn = {
  name: 'the EC2 instance of the standby',
  reason: 'there is no EC2 on this machine; the boot script itself is run by its own tests',
  behaviours: [
    'the settings and access rules are those of the user data',
    'the copy is taken from the address, with the role and by the slot that the user data names',
    'CloudFormation goes on only when the standby streams',
    'the instance ends before what it depends on is deleted',
    'the certificate reaches the template by the data of the signal',
  ],
};

/** Plays the standby's network interface, launch template, auto-scaling group and signal. */
export class StandbyHost {
  private readonly userData = new Map<string, string>();
  private certificate: string | undefined;
  private server: Server | undefined;
  /** What took the place of something, by this host. */
  public readonly standIns: StandIn[] = [STANDBY_HOST_STAND_IN];
  /** What was set differently, by this host. */
  public readonly shims: Shim[] = [];

  constructor(private readonly options: StandbyHostOptions) {}

  /** Plays the resources that IntermediaryStandby makes. */
  public readonly players: ResourcePlayers = {
    'AWS::EC2::NetworkInterface': {
      uses: ['PrivateIpAddress'],
      create: async ({ logicalId, properties }) => ({
        physicalId: `eni-${logicalId}`,
        attributes: {
          Id: `eni-${logicalId}`,
          PrimaryPrivateIpAddress: properties.PrivateIpAddress ?? '10.0.0.10',
        },
      }),
    },
    'AWS::EC2::LaunchTemplate': {
      uses: ['LaunchTemplateData'],
      create: async ({ logicalId, properties }) => {
        const { UserData: text } = recordOf(properties.LaunchTemplateData);
        const physicalId = `lt-${logicalId}`;
        if (typeof text === 'string')
          this.userData.set(physicalId, Buffer.from(text, 'base64').toString('utf8'));
        return { physicalId, attributes: { LatestVersionNumber: '1', DefaultVersionNumber: '1' } };
      },
    },
    'AWS::AutoScaling::AutoScalingGroup': {
      uses: ['LaunchTemplate'],
      create: async (request) => {
        await this.boot(request);
        return { physicalId: `asg-${request.logicalId}`, attributes: {} };
      },
      delete: async () => {
        if (this.server === undefined) return;
        await this.options.onEnd(this.server);
        await this.server.stop();
      },
    },
    'AWS::CloudFormation::WaitConditionHandle': {
      uses: [],
      create: async ({ logicalId }) => ({
        physicalId: `https://signal.invalid/${logicalId}`,
        attributes: {},
      }),
    },
    'AWS::CloudFormation::WaitCondition': {
      uses: [],
      create: async ({ logicalId }) => {
        if (this.certificate === undefined)
          throw new PontoonError(
            'NO_SIGNAL',
            'the standby must stream before the signal, got no standby; is the auto-scaling group played?',
          );
        const data = { standby: this.certificate.trim().replaceAll('\n', '|') };
        return { physicalId: `wait-${logicalId}`, attributes: { Data: JSON.stringify(data) } };
      },
    },
  };

  private async boot({ properties }: ResourceRequest): Promise<void> {
    const { LaunchTemplateId: template } = recordOf(properties.LaunchTemplate);
    const userData = this.userData.get(String(template));
    if (userData === undefined)
      throw new PontoonError(
        'NO_HOST_FILE',
        `launch template '${String(template)}' must hold user data, got none; play it first`,
      );
    const { parameters, settings, hba } = readHostFiles(userData);
    const { workspace, addresses, secrets } = this.options;
    const upstream = addresses.find(parameters.PRIMARY_HOST ?? '');
    const login = recordOf(JSON.parse(secrets.find(parameters.SECRET_ARN ?? '')?.value ?? '{}'));
    const standby = await createStandby(workspace, {
      name: 'standby',
      upstream,
      slot: parameters.SLOT ?? '',
      createSlot: false,
      role: { user: String(login.username), password: String(login.password) },
      settings: await withStatementLibrary(upstream.major, settings),
      hba: [...hbaForLoopback(hba), LOOPBACK_HBA[0] as string],
    });
    if (standby.standIn !== undefined) this.standIns.push(standby.standIn);
    await standby.server.start();
    await waitUntilStreaming(standby.server);
    this.shims.push(...standby.server.shims, {
      name: 'pg_hba.conf admits 127.0.0.1 beside the networks of the template',
      reason:
        'loopback connections always come from 127.0.0.1; the rules as generated are tested in network namespaces',
    });
    this.server = standby.server;
    this.certificate = standby.server.caCertificate;
    addresses.add(parameters.ADDRESS ?? '', standby.server);
    this.options.onStandby(standby.server);
  }
}

async function waitUntilStreaming(server: Server): Promise<void> {
  await asSuperuser(server, 'postgres', async (client) => {
    await waitUntil({
      what: `standby '${server.name}' must stream`,
      deadlineMs: STREAMING_MS,
      probe: async () => {
        const { rows } = await client.query<{ status: string }>(
          'SELECT status FROM pg_stat_wal_receiver',
        );
        const status = rows[0]?.status ?? 'no receiver';
        return status === 'streaming'
          ? { done: true, value: status }
          : { done: false, reason: status };
      },
    });
  });
}

const STREAMING_MS = 60_000;

/** The lines that a server of this machine can read: those for other hosts' sockets and maps stay away. */
function hbaForLoopback(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('hostssl'));
}
