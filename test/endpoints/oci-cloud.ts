import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LoadBalancers,
  OciEndpointStandIn,
  ociCredentials,
  PrivateZones,
  Vault,
} from '../../lib/rehearsal/oci-cloud';
import type { OciRoute } from '../../lib/rehearsal/oci-cloud/oci-endpoint';

/** Services of OCI on this machine that this process's SDK clients find, for one test file. */
export class LocalOci {
  private readonly environment = { ...process.env };
  public readonly zones = new PrivateZones();
  public readonly vault = new Vault();

  private constructor(
    public readonly endpoint: OciEndpointStandIn,
    public readonly balancers: LoadBalancers,
    private readonly directory: string,
  ) {
    for (const service of [this.zones, this.vault, balancers]) endpoint.add(service.routes);
    Object.assign(process.env, ociCredentials(directory, endpoint.url));
    // The SDK tells every failure there as well.
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  }

  /** `changeTakes` is how long a load balancer takes to change; `routes` answer before those of the services. */
  public static async start(
    changeTakes: number | Promise<unknown> = 0,
    routes: readonly OciRoute[] = [],
  ): Promise<LocalOci> {
    const directory = mkdtempSync(join(tmpdir(), 'pontoon-oci-'));
    const endpoint = await OciEndpointStandIn.start();
    endpoint.add(routes);
    return new LocalOci(endpoint, new LoadBalancers(changeTakes), directory);
  }

  public async stop(): Promise<void> {
    process.env = this.environment;
    await this.endpoint.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
