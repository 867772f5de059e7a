import { Platform, serverOf, type Topology } from '../topology';

/** Whose cloud a migration is deployed in; `none` where nobody but its owners run it. */
export type Cloud = 'aws' | 'oci' | 'none';

const CLOUDS: Readonly<Record<Platform, Cloud>> = {
  [Platform.SELF_MANAGED]: 'none',
  [Platform.EC2]: 'aws',
  [Platform.AURORA]: 'aws',
  [Platform.RDS]: 'aws',
  [Platform.OCI_VM]: 'oci',
  [Platform.OCI_POSTGRESQL]: 'oci',
};

/** The cloud of the last of `servers` that is in one: a migration is deployed where it leads. */
export function cloudOf(topology: Topology, servers: readonly string[]): Cloud {
  const clouds = servers.map((server) => CLOUDS[serverOf(topology, server).platform]);
  return clouds.findLast((cloud) => cloud !== 'none') ?? 'none';
}

/** Who walks the steps of a cutover, and where `file` comes from, which they are told by: the end of a sentence. */
export function whoTells(cloud: Cloud, file: string): string {
  switch (cloud) {
    case 'aws':
      return `, by the state machine of the deployment or by these commands, which walk the same steps. \`${file}\` is what both are told; \`pontoon status --state-machine ARN --print-input > ${file}\` takes it from the deployment, and \`pontoon cutover --help\` shows one.`;
    case 'oci':
      return `, by these commands. \`${file}\` is what they are told; \`pulumi stack output cutover > ${file}\` takes it from the deployment, and \`pontoon cutover --help\` shows one. The runner host of the deployment is a good place.`;
    case 'none':
      return `, by these commands. \`${file}\` is what they are told; \`pontoon cutover --help\` shows one.`;
  }
}

/** Who lifts the fence of a walk that is gone, once its deadline has passed before the decision. */
export function whoLifts(cloud: Cloud, file: string): string {
  const itself = `\`pontoon cutover --lift-expired --file ${file}\``;
  switch (cloud) {
    case 'aws':
      return 'The deployment’s watch lifts a fence within a minute of its deadline, unless it was decided to open, whether these commands or the state machine walked';
    case 'oci':
      return `The timer of the deployment’s \`RunnerHost\` lifts a fence within a minute of its deadline, unless it was decided to open; another host needs a cron entry that runs ${itself}`;
    case 'none':
      return `Have cron run ${itself} each minute: it lifts a fence past its deadline, unless it was decided to open, and says and changes nothing without one. Without that entry nobody else lifts it`;
  }
}

/** Who watches the way back as long as the new writer is open: the end of a sentence. */
export function whoWatches(cloud: Cloud): string {
  switch (cloud) {
    case 'aws':
      return ': the deployment’s alarms `WayBackDown`, `WayBackLagBytes`, `WayBackRetainedWal` and `WayBackSlotLost` do, each minute';
    case 'oci':
      return ': where the deployment has `alarms` and a runner host that watches, those on slots and on who does not read do, each minute';
    case 'none':
      return ': have cron run `pontoon status --ways`, since nobody else does';
  }
}

/** What becomes of the deployment once `from` is finalized, and of what carried `to`: the end of a paragraph. */
export function whatGoes(cloud: Cloud, from: string, to: string): string {
  switch (cloud) {
    case 'aws':
      return ` Then delete the stack, or what of it carried \`${to}\`.`;
    case 'oci':
      return ` Then \`${from}\` may be retired: \`retired: true\` in the program, as its README says.`;
    case 'none':
      return '';
  }
}
