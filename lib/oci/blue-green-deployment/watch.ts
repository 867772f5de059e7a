import * as command from '@pulumi/command';
import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { sshTo } from '../database-object';
import { WATCH } from '../runner-host';
import type { BlueGreenDeploymentArgs } from './args';

/** Below the default of what a slot keeps, which is everything. */
const SLOT_LAG_MIB = 10_240;

/** Whether the runner host posts how far the ways lie behind, and somebody is told. */
export function isWatched({ runner, alarms, replication }: BlueGreenDeploymentArgs): boolean {
  return runner.watches === true && alarms !== undefined && replication.schemaCopied === true;
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
  const { compartmentId, alarms, runner, replication } = args;
  if (alarms === undefined || !isWatched(args)) return;
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
  const { topicIds: destinations } = alarms;
  const kept = replication.maxSlotWalKeepMiB;
  const slotLagMiB = alarms.slotLagMiB ?? (kept === undefined ? SLOT_LAG_MIB : kept / 2);
  for (const [what, severity, query, body] of [
    [
      'slot-lag',
      'CRITICAL',
      `SlotLagMiB[5m]{deployment = "${deployment}"}.max() > ${slotLagMiB}`,
      'A slot keeps much of the log, which fills the storage of its database: see pontoon status, end transactions that are open for long, and let the other database catch up or end replication.',
    ],
    [
      'stalled',
      'CRITICAL',
      `Stalled[5m]{deployment = "${deployment}"}.min() > 0`,
      'A database that is to follow the other one does not read from it: see pontoon status, and the log of the database.',
    ],
    [
      'unwatched',
      'WARNING',
      `Watched[15m]{deployment = "${deployment}"}.absent()`,
      'The runner host does not say how far replication lies behind: it does not run, or reaches a database no more.',
    ],
  ] as const)
    new oci.monitoring.Alarm(
      `${name}-${what}`,
      {
        compartmentId,
        metricCompartmentId: compartmentId,
        displayName: `${name}-${what}`,
        destinations,
        isEnabled: true,
        pendingDuration: 'PT5M',
        namespace: WATCH.namespace,
        query,
        severity,
        body,
      },
      { parent },
    );
}
