import { supports } from '../../postgres';
import { recordOf } from '../assembly';
import { elevated, honourReplicationMembers, type Server, type Shim } from '../servers';

/** What roles may do in the cloud, and PostgreSQL alone does not let them. */
export class CloudRights {
  private readonly found: Shim[] = [];

  /** What was given so far. */
  public get shims(): readonly Shim[] {
    return this.found;
  }

  /** Has members of rds_replication replicate on those of `servers` that run. */
  public async honourMembers(servers: readonly (Server | undefined)[]): Promise<void> {
    for (const server of servers)
      if (server?.pid !== undefined) this.found.push(...(await honourReplicationMembers(server)));
  }

  /** Runs a task of a cutover with the rights that the administrator of a managed source has in the cloud. */
  public async walk<Result>(
    input: unknown,
    source: { readonly server: Server | undefined; readonly administrator: string },
    call: () => Promise<Result>,
  ): Promise<Result> {
    const { server, administrator: role } = source;
    const { action, back } = recordOf(input);
    const subscribes = action === 'prepare' && back !== true;
    if (server === undefined || !subscribes || supports(server.major, 'create-subscription-role'))
      return await call();
    const statement = 'the preparation of a cutover, which creates a subscription';
    const { result, shim } = await elevated(server, { role, statement }, call);
    if (!this.found.some(({ name }) => name === shim.name)) this.found.push(shim);
    return result;
  }
}
