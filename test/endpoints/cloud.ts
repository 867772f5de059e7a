import { AwsEndpointStandIn } from '../../lib/rehearsal/aws-endpoint';

/** A local endpoint of AWS that this process's SDK clients find, for one test file. */
export class LocalCloud {
  private readonly environment = { ...process.env };

  private constructor(public readonly endpoint: AwsEndpointStandIn) {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint.url,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_MAX_ATTEMPTS: '1',
    });
  }

  public static async start(): Promise<LocalCloud> {
    return new LocalCloud(await AwsEndpointStandIn.start());
  }

  /** The operations that were called, without those that only read. */
  public changes(): string[] {
    return this.endpoint.calls
      .filter(({ target }) => !/\.(Get|List|Describe)/.test(target))
      .map(({ target, error }) => (error === undefined ? target : `${target}: ${error}`));
  }

  public async stop(): Promise<void> {
    process.env = this.environment;
    await this.endpoint.close();
  }
}
