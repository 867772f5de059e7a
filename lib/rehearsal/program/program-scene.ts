import { PontoonError } from '../../postgres';
import { Scene } from '../acts/scene';
import { concludeSecrets } from '../checks/conclusions';
import { ProcessWatch } from '../checks/process-watch';
import { keptStatements } from '../checks/statements';
import { AddressBook } from '../cloud/addresses';
import type { RehearsalContext } from '../context';
import { TCP_ENDPOINT_STAND_IN } from '../endpoint';
import type { Server } from '../servers';
import type { ClientEndpoint } from './client-endpoint';
import { DatabaseCommands } from './database-commands';
import { type DbSystemServer, startDbSystem } from './db-system';
import type { RegisteredDeployment } from './deployment';
import { OciPlace } from './oci-place';
import { PROGRAM_SHIMS } from './program-shims';
import { RUNNER_HOST_STAND_IN, RunnerHost } from './runner-host';

/** What the acts of a program's rehearsal share: its servers, the services around them, and the host of its commands. */
export class ProgramScene extends Scene {
  /** There is none between the two. */
  public readonly standby = undefined;
  /** What applications connect to, once it is there. */
  public endpoint: ClientEndpoint | undefined;
  private readonly processes = new ProcessWatch();
  private readonly systems = new Map<string, DbSystemServer>();

  private constructor(
    public readonly context: RehearsalContext,
    public readonly deployment: RegisteredDeployment,
    public readonly place: OciPlace,
    public readonly host: RunnerHost,
    public readonly commands: DatabaseCommands,
    private readonly said: string[],
    private readonly addresses: AddressBook,
  ) {
    super();
  }

  /** Opens the services, and makes the host. */
  public static async open(
    context: RehearsalContext,
    deployment: RegisteredDeployment,
  ): Promise<ProgramScene> {
    const directory = await context.workspace.makeDirectory('runner');
    const place = await OciPlace.open(deployment, directory);
    const host = await RunnerHost.make(context.workspace, directory, place.environment);
    const said: string[] = [];
    const addresses = new AddressBook();
    const commands = new DatabaseCommands(deployment, {
      host,
      addresses,
      recorder: context.recorder,
      onSaid: (text) => said.push(text),
    });
    return new ProgramScene(context, deployment, place, host, commands, said, addresses);
  }

  public get target(): Server {
    return this.server(this.context.chain.target);
  }

  /** The server that stands for `name` of the topology. Throws a PontoonError if it is not there. */
  public server(name: string): Server {
    const system = this.systems.get(name);
    if (system !== undefined) return system.server;
    throw new PontoonError(
      'NO_SERVER',
      `server '${name}' must have been started, got none; rehearse a deployment that makes or names it`,
    );
  }

  /** Whether the server that stands for `name` of the topology was started. */
  public started(name: string): boolean {
    return this.systems.has(name);
  }

  /** Starts the server that stands for `name` of the topology. */
  public async start(name: string, role: string): Promise<DbSystemServer> {
    const { workspace, findings } = this.context;
    const system = await startDbSystem(workspace, this.deployment, this.place, name);
    this.systems.set(name, system);
    this.addresses.add(this.deployment.bindings[name]?.host ?? '', system.server);
    findings.shims.push(...system.shims);
    await this.addServer(name, system.server, role);
    return system;
  }

  /** Runs `pontoon` on the host with what `pontoon cutover` is told by the program. */
  public async pontoon(args: string): Promise<Readonly<Record<string, unknown>>> {
    const { deployment, addresses, host } = this;
    const stdin = JSON.stringify(addresses.redirect(JSON.parse(deployment.cutover.text)));
    const { status, output, errors } = await host.run(`pontoon ${args}`, stdin);
    this.said.push(output, errors);
    if (status === 0) return JSON.parse(output);
    throw new PontoonError(
      'COMMAND_FAILED',
      `'pontoon ${args}' must succeed, got exit code ${status}: ${errors.trim()}`,
    );
  }

  /** Ends everything, and looks for secrets in what was written. */
  public async close(): Promise<void> {
    const { context, place, deployment, endpoint } = this;
    const { findings } = context;
    findings.secrets.push(
      ...place.passwords(),
      ...[...this.systems.values()].map(({ server }) => server.superuser.password),
    );
    const processes = await this.processes.stop();
    await endpoint?.close();
    await place.close();
    findings.standIns.push(
      RUNNER_HOST_STAND_IN,
      ...place.standIns,
      ...(endpoint?.standIns ?? []),
      TCP_ENDPOINT_STAND_IN,
    );
    findings.shims.push(...PROGRAM_SHIMS);
    for (const call of place.unknownCalls)
      findings.problems.push(`nothing here answers the call '${call}' to OCI`);
    const servers = [...this.systems].map(([name, { server }]) => ({ name, server }));
    await concludeSecrets(context, servers, [
      ...processes,
      { place: 'what the commands read and said', text: this.said.join('\n') },
      { place: 'what the program registered', text: JSON.stringify(deployment.resources) },
      ...(await Promise.all(servers.map(({ name, server }) => keptStatements(name, server)))),
    ]);
  }
}
