import { execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Network } from './network';

/** What CloudFormation was told. */
export interface Signal {
  readonly Status: string;
  readonly UniqueId: string;
  readonly Reason: string;
  readonly Data: string;
}

/** The fixed interface and the volume of one standby, and who holds them now. */
interface Holdings {
  readonly volumeId: string;
  readonly loopDevice: string;
  readonly interfaceId: string;
  volumeHolder?: string;
  interfaceHolder?: string;
}

/** One instance, as the stand-in knows it. */
interface Guest {
  readonly instanceId: string;
  readonly namespace: string;
  readonly byId: string;
}

const TOKEN = 'imds-token';
const INTERFACE_MAC = '02:00:0a:4d:01:14';

/**
 * Stand-in for the cloud around an instance: instance metadata (version 2 only), attaching a volume
 * and an interface (refused while another instance holds it), one secret, and the URL of a wait
 * condition. The guests' `curl` and `aws` reach it through a Unix socket.
 */
export class CloudStandin {
  public readonly signals: Signal[] = [];
  /** How many more signals are refused. */
  public refusals = 0;
  /** The volume, as the host sees it. */
  public readonly loopDevice: string;
  private readonly servers: Server[] = [];

  constructor(
    private readonly network: Network,
    private readonly holdings: Holdings,
    public secret: string,
  ) {
    this.loopDevice = holdings.loopDevice;
  }

  /** Serves `guest` on the socket `path`. */
  public async serve(guest: Guest, path: string): Promise<void> {
    const server = createServer((request, response) => {
      this.answer(guest, request).then(
        (text) => response.end(text),
        (error: unknown) => refuse(response, error),
      );
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  /** Takes everything back from an instance that has ended. */
  public release(guest: Guest): void {
    if (this.holdings.volumeHolder === guest.instanceId) this.holdings.volumeHolder = undefined;
    if (this.holdings.interfaceHolder === guest.instanceId) {
      this.holdings.interfaceHolder = undefined;
      this.network.detachInterface(guest.namespace);
    }
  }

  public async close(): Promise<void> {
    for (const server of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  private async answer(guest: Guest, request: IncomingMessage): Promise<string> {
    const path = request.url ?? '';
    const body = await read(request);
    if (path === '/aws') return this.command(guest, body.split('\n'));
    if (path === '/latest/api/token' && request.method === 'PUT') return TOKEN;
    if (path.startsWith('/latest/meta-data/')) {
      if (request.headers['x-aws-ec2-metadata-token'] !== TOKEN) throw new Error('401');
      return this.metadata(guest, path.slice('/latest/meta-data/'.length));
    }
    if (path === '/signal?key=value&signature=a%2Fb' && request.method === 'PUT') {
      // The presigned URL is signed for an empty content type.
      if (request.headers['content-type'] !== undefined) throw new Error('403');
      if (this.refusals > 0) {
        this.refusals -= 1;
        throw new Error('400');
      }
      this.signals.push(JSON.parse(body) as Signal);
      return '';
    }
    throw new Error(`404 ${path}`);
  }

  private metadata(guest: Guest, path: string): string {
    const attached = this.holdings.interfaceHolder === guest.instanceId;
    const macs = `network/interfaces/macs/${INTERFACE_MAC}`;
    if (path === 'instance-id') return guest.instanceId;
    if (path === 'network/interfaces/macs/') {
      return `02:00:00:00:00:01/\n${attached ? `${INTERFACE_MAC}/\n` : ''}`;
    }
    if (path.endsWith('02:00:00:00:00:01/interface-id')) return 'eni-primary';
    if (path === `${macs}/interface-id`) return this.holdings.interfaceId;
    if (path === `${macs}/subnet-ipv4-cidr-block`) return '10.77.1.0/24';
    throw new Error(`404 ${path}`);
  }

  private command(guest: Guest, args: readonly string[]): string {
    const verb = args.slice(0, 2).join(' ');
    const option = (name: string): string => args[args.indexOf(name) + 1] ?? '';
    if (verb === 'secretsmanager get-secret-value') return `${this.secret}\n`;
    if (verb === 'ec2 attach-volume' && option('--volume-id') === this.holdings.volumeId) {
      return this.attachVolume(guest);
    }
    if (
      verb === 'ec2 attach-network-interface' &&
      option('--network-interface-id') === this.holdings.interfaceId
    ) {
      return this.attachInterface(guest);
    }
    throw new Error(`the stand-in does not know: aws ${args.join(' ')}`);
  }

  private attachVolume(guest: Guest): string {
    const { volumeHolder, volumeId, loopDevice } = this.holdings;
    if (volumeHolder !== undefined) {
      throw new Error(
        `An error occurred (VolumeInUse): ${volumeId} is already attached to ${volumeHolder}`,
      );
    }
    this.holdings.volumeHolder = guest.instanceId;
    const name = `nvme-Amazon_Elastic_Block_Store_${volumeId.replace('-', '')}`;
    const minor = loopDevice.replace('/dev/loop', '');
    execFileSync('mknod', [join(guest.byId, name), 'b', '7', minor]);
    return 'attaching';
  }

  private attachInterface(guest: Guest): string {
    if (this.holdings.interfaceHolder !== undefined) {
      throw new Error('An error occurred (InvalidNetworkInterface.InUse): interface is in use');
    }
    this.holdings.interfaceHolder = guest.instanceId;
    this.network.attachInterface(guest.namespace, INTERFACE_MAC);
    return 'eni-attach-1';
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  response.statusCode = 400;
  response.end(error instanceof Error ? error.message : String(error));
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8').trimEnd();
}
