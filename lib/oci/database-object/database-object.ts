import * as command from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import {
  addObjectKinds,
  kindOf,
  type ObjectSpec,
  PGLOGICAL_KINDS,
  Problems,
  readSpec,
} from '../../postgres';
import {
  type DatabaseObjectArgs,
  RunnerAuth,
  type RunnerConnection,
  type RunnerProxy,
} from './args';
import { connectionTo, withStandIns } from './binding';

addObjectKinds(PGLOGICAL_KINDS);

/**
 * Something on a PostgreSQL server: a role, a publication, a slot, a subscription, … It is made, changed and dropped by
 * `pontoon apply` and `pontoon drop` on a host that reaches the database, which Pulumi need not.
 *
 * Doing it twice changes nothing, and what somebody else made is neither changed nor dropped. What the host is told is
 * kept in Pulumi's state, so that it names secrets of OCI Vault and holds none.
 *
 * @see https://www.pulumi.com/registry/packages/command/api-docs/remote/command/
 */
export class DatabaseObject extends pulumi.ComponentResource {
  /** What runs on the host. */
  public readonly command: command.remote.Command;

  constructor(name: string, args: DatabaseObjectArgs, opts?: pulumi.ComponentResourceOptions) {
    super(
      'pontoon:index:DatabaseObject',
      name,
      { ...args, runner: withSecretKeys(args.runner) },
      opts,
    );
    const spec = validate(name, args);
    const { runner, server, primary, adopt } = args;
    const program = programOn(runner);
    const owner = quote(`${pulumi.getProject()}/${pulumi.getStack()}/${name}`);
    const apply = `${program} apply --owner ${owner}`;
    // The object's own name, its server and its database are part of the child's: another one is made before the old one
    // is dropped, and the old one is dropped where it is.
    this.command = new command.remote.Command(
      `${name}-${spec.kind}-${kindOf(spec).name(spec)}-in-${server.server}-${server.database}`,
      {
        connection: sshTo(runner),
        create: apply,
        update: apply,
        delete: `${program} drop --owner ${owner}`,
        stdin: pulumi.jsonStringify({
          connection: connectionTo(server),
          ...(primary === undefined ? {} : { primary: connectionTo(primary) }),
          spec: args.spec,
          ...(adopt === true ? { adopt } : {}),
        }),
        addPreviousOutputInEnv: false,
        // What could not be taken down is told there; what was done, and with which secrets, nowhere.
        logging: command.types.enums.remote.Logging.Stderr,
      },
      // What a component waits for, its children would not.
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    this.registerOutputs({ server: server.server, kind: spec.kind });
  }
}

/** How `runner` is called in a shell. */
export function programOn({ program = 'pontoon', auth }: RunnerConnection): string {
  return `OCI_CLI_AUTH=${auth ?? RunnerAuth.INSTANCE_PRINCIPAL} ${quote(program)}`;
}

/** `runner` with its keys marked as the secrets that they are: what a component is given is kept in the state too. */
export function withSecretKeys(runner: RunnerConnection): RunnerConnection {
  const { privateKey, proxy } = runner;
  return {
    ...runner,
    privateKey: pulumi.secret(privateKey),
    ...(proxy === undefined ? {} : { proxy: proxyWithSecretKey(proxy) }),
  };
}

/** `proxy` with its key, if it has one, marked as the secret that it is. */
export function proxyWithSecretKey(proxy: RunnerProxy): RunnerProxy {
  const { privateKey } = proxy;
  return privateKey === undefined ? proxy : { ...proxy, privateKey: pulumi.secret(privateKey) };
}

/** How `runner` is reached, with its key marked as the secret that it is. */
export function sshTo({
  host,
  user,
  hostKey,
  privateKey,
  proxy,
}: RunnerConnection): command.types.input.remote.ConnectionArgs {
  const key = pulumi.secret(privateKey);
  return {
    host,
    user,
    hostKey,
    privateKey: key,
    // A new host shows its key only when everything on it is installed, which takes minutes.
    dialErrorLimit: 60,
    ...(proxy === undefined
      ? {}
      : {
          proxy: {
            host: proxy.host,
            user: proxy.user,
            hostKey: proxy.hostKey,
            privateKey: proxy.privateKey === undefined ? key : pulumi.secret(proxy.privateKey),
          },
        }),
  };
}

function quote(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Everything that is known by now is checked by now. */
function validate(name: string, { spec, runner }: DatabaseObjectArgs): ObjectSpec {
  const problems = new Problems();
  let read: ObjectSpec | undefined;
  problems.collect(() => {
    read = readSpec(withStandIns(spec));
  });
  for (const problem of runnerProblems(runner)) problems.add(problem);
  problems.throwIfAny(`database object '${name}'`);
  if (read === undefined) throw new TypeError('a spec without problems must have been read');
  return read;
}

/** Says what is wrong with `runner`. Types are gone when a program of another language calls. */
export function runnerProblems(runner: RunnerConnection): readonly string[] {
  const problems = new Problems();
  for (const [what, { hostKey }] of Object.entries({
    runner,
    ...(runner.proxy === undefined ? {} : { 'runner.proxy': runner.proxy }),
  }))
    problems.addIf(
      hostKey === undefined || hostKey === '',
      `'${what}.hostKey' must be the host's public key, got nothing; without it any host would be trusted`,
    );
  return problems.list();
}
