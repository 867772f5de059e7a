import * as command from '@pulumi/command';
import * as pulumi from '@pulumi/pulumi';
import { sshTo } from '../database-object';
import { WATCH } from '../runner-host';
import { type AlarmRule, createAlarm } from './alarms';
import type { BlueGreenDeploymentArgs } from './args';

/** Below the default of what a slot keeps, which is everything. */
const SLOT_LAG_MIB = 10_240;

/** Whether the runner host lifts fences past their deadline, and posts how far the ways lie behind. */
export function isWatched({ runner, replication }: BlueGreenDeploymentArgs): boolean {
  return runner.watches === true && replication.schemaCopied === true;
}

/** Has the runner host look each minute at what `cutover` names, and tells somebody what it finds. */
export function watch(
  name: string,
  args: BlueGreenDeploymentArgs,
  cutover: pulumi.Output<string>,
  {
    parent,
    dependsOn,
  }: { readonly parent: pulumi.Resource; readonly dependsOn: pulumi.Resource[] },
): void {
  if (!isWatched(args)) return;
  const { compartmentId, runner } = args;
  const deployment = `${pulumi.getProject()}-${pulumi.getStack()}-${name}`;
  const file = `'${WATCH.directory}/${deployment}.json'`;
  const write = `umask 077 && mkdir -p ${WATCH.directory} && cat > ${file}.new && mv ${file}.new ${file}`;
  new command.remote.Command(
    `${name}-watch`,
    {
      connection: sshTo(runner),
      create: write,
      update: write,
      delete: `rm -f ${file} ${file}.metrics`,
      stdin: pulumi.jsonStringify({ compartmentId, cutover }),
      addPreviousOutputInEnv: false,
      logging: command.types.enums.remote.Logging.None,
    },
    { parent, dependsOn },
  );
  for (const [what, rule] of Object.entries(rules(deployment, args)))
    createAlarm(`${name}-${what}`, args, { namespace: WATCH.namespace, ...rule }, parent);
}

function rules(
  deployment: string,
  { alarms, replication }: BlueGreenDeploymentArgs,
): { readonly [what: string]: Omit<AlarmRule, 'namespace'> } {
  const kept = replication.maxSlotWalKeepMiB;
  const slotLagMiB = alarms?.slotLagMiB ?? (kept === undefined ? SLOT_LAG_MIB : kept / 2);
  return {
    fence: {
      severity: 'CRITICAL',
      query: `FenceOverdue[5m]{deployment = "${deployment}"}.max() > 0`,
      body: 'A fence stands after its deadline, so that applications may be locked out, or what a walk left could not be taken back: see pontoon status, and run the cutover again.',
    },
    'slot-lag': {
      severity: 'CRITICAL',
      query: `SlotLagMiB[5m]{deployment = "${deployment}"}.max() > ${slotLagMiB}`,
      body: 'A slot keeps much of the log, which fills the storage of its database: see pontoon status, end transactions that are open for long, and let the other database catch up or end replication.',
    },
    stalled: {
      severity: 'CRITICAL',
      query: `Stalled[5m]{deployment = "${deployment}"}.min() > 0`,
      body: 'A database that is to follow the other one does not read from it: see pontoon status, and the log of the database.',
    },
    unwatched: {
      severity: 'WARNING',
      query: `Watched[15m]{deployment = "${deployment}"}.absent()`,
      body: 'The runner host does not say how far replication lies behind: it does not run, or reaches a database no more.',
    },
  };
}
