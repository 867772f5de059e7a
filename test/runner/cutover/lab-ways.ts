import { partName, type ReplicationPath, type TableSelection } from '../../../lib/postgres';
import type { CutoverLab } from './lab';
import { ADMIN, READER } from './lab-secret';

/** Tables that travel together. */
export interface LabPart {
  readonly part: string | undefined;
  readonly selection: TableSelection;
}

/** Has a part travel by subscriptions. */
export async function dealNatively(lab: CutoverLab, { part, selection }: LabPart): Promise<void> {
  const [forward, backward] = [partName('forward', part), partName('backward', part)];
  const published = {
    kind: 'publication',
    selection,
    canary: true,
    ...(part === undefined ? {} : { canaryPart: part }),
  };
  await lab.apply(lab.blue, { ...published, name: forward });
  await lab.apply(lab.green, { ...published, name: backward });
  await lab.apply(lab.blue, { kind: 'logical-slot', name: forward, plugin: 'pgoutput' });
  await lab.apply(lab.green, {
    kind: 'subscription',
    name: forward,
    publisher: lab.publisher(lab.blue),
    publications: [forward],
    slotName: forward,
    selection,
  });
}

/** Makes the node of each side. */
export async function makeNodes(lab: CutoverLab): Promise<void> {
  for (const side of [lab.blue, lab.green]) {
    await lab.apply(side, {
      kind: 'pglogical-node',
      name: side.name,
      readers: ['reader'],
      // Rows are copied to one side only.
      local: lab.publisher(side, side === lab.green ? ADMIN : READER),
    });
  }
}

/** Has the tables travel by pglogical, which knows no parts. */
export async function dealByPglogical(lab: CutoverLab, { selection }: LabPart): Promise<void> {
  const set = { kind: 'pglogical-replication-set', selection, canary: true };
  await lab.apply(lab.blue, { ...set, name: 'forward' });
  await lab.apply(lab.green, { ...set, name: 'backward', copyData: false });
  await lab.apply(lab.green, {
    kind: 'pglogical-subscription',
    name: 'forward',
    provider: lab.publisher(lab.blue),
    replicationSet: 'forward',
    selection,
    slotName: 'forward',
  });
}

/** A way of the lab, as a plan names it. */
export function path(
  kind: ReplicationPath['kind'],
  name: string,
  decoder: string,
  part: string | undefined,
): ReplicationPath {
  const named = partName(name, part);
  return {
    kind,
    decoder,
    slotName: named,
    subscription: named,
    publication: named,
    ...(part === undefined ? {} : { part }),
  };
}
