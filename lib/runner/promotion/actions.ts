import {
  fenceDatabases,
  keepLogFor,
  liftDatabases,
  memberSlot,
  noteReplaced,
  type PromotionStepId,
  physicalSlot,
  reloadSettings,
  replacedBy,
  type Statement,
  setForServer,
} from '../../postgres';
import { othersThan } from './choose';
import type { Members, PromotionContext } from './context';
import { isFenced, limitsOf } from './fence';
import { primarySettings, standbySettings } from './follow';
import { isPointed } from './streaming';

/** One statement that a promotion would run. */
export interface PromotionAction {
  readonly step: PromotionStepId;
  readonly server: string;
  /** The statement, secrets blanked out. */
  readonly what: string;
  readonly values: readonly unknown[];
}

/** On `server`, by default the old primary. */
export async function fencing(
  context: PromotionContext,
  step: 'fence' | 'keep-out' | 'lift',
  server = context.input.from,
): Promise<readonly PromotionAction[]> {
  const databases = await limitsOf(context, context.input.from);
  const statements =
    step !== 'lift'
      ? fenceDatabases(databases)
      : liftDatabases(databases.map((one) => ({ ...one, before: one.before ?? one.limit })));
  return statements.map((statement) => action(step, server, statement));
}

/** What an earlier run that was cut off has fenced, here or on the primary from which `to` has it. */
export async function leftToLift(
  context: PromotionContext,
  to: string,
): Promise<readonly PromotionAction[]> {
  const left = liftDatabases(await limitsOf(context, to));
  return left.map((statement) => action('lift', to, statement));
}

export async function noting(
  context: PromotionContext,
  members: Members,
  { step, to }: { readonly step: 'keep-out' | 're-point'; readonly to: string },
): Promise<readonly PromotionAction[]> {
  const { from } = context.input;
  const replacement = { server: to, timeline: members.get(from)?.timeline ?? 0 };
  return noteReplaced(await limitsOf(context, from), replacement).map((statement) =>
    action(step, from, statement),
  );
}

/** What is done of an old primary that came back, or was let in again. */
export async function keepingOut(
  context: PromotionContext,
  members: Members,
  to: string,
): Promise<readonly PromotionAction[]> {
  const { from } = context.input;
  const old = members.get(from);
  if (old === undefined || old.recovering) return [];
  const fenced = old.fenced && (await isFenced(context, from));
  if (fenced && replacedBy(old) === to) return [];
  return [
    ...(fenced ? [] : await fencing(context, 'keep-out')),
    ...(await noting(context, members, { step: 'keep-out', to })),
  ];
}

/** What is done before the fence with a candidate that streams from another standby: it is pointed to the primary. */
export async function pointing(
  context: PromotionContext,
  members: Members,
  to: string,
): Promise<readonly PromotionAction[]> {
  const { from, topology, connections } = context.input;
  const [state, connection] = [members.get(to), connections[from]];
  if (state === undefined || connection === undefined || isPointed(context, state, to)) return [];
  const slot = memberSlot(topology, to);
  const there = await context.runOne(from, physicalSlot(slot));
  return [
    ...(there === undefined ? [action('re-point', from, keepLogFor(slot))] : []),
    ...settingActions(
      're-point',
      to,
      standbySettings(topology, to, { conninfo: state.conninfo, connection }),
    ),
  ];
}

export function preparing(
  context: PromotionContext,
  members: Members,
  to: string,
): PromotionAction[] {
  const { topology } = context.input;
  return [
    ...othersThan(members, to).map((other) =>
      action('prepare', to, keepLogFor(memberSlot(topology, other))),
    ),
    ...settingActions('prepare', to, primarySettings(topology, to)),
  ];
}

export function repointing(
  context: PromotionContext,
  members: Members,
  to: string,
): PromotionAction[] {
  const { topology, connections } = context.input;
  return othersThan(members, to).flatMap((other) => {
    const [conninfo, connection] = [members.get(other)?.conninfo, connections[to]];
    if (conninfo === undefined || connection === undefined) return [];
    const settings = standbySettings(topology, other, { conninfo, connection });
    return settingActions('re-point', other, settings);
  });
}

function settingActions(
  step: PromotionStepId,
  server: string,
  settings: Readonly<Record<string, string>>,
): PromotionAction[] {
  const changes = Object.entries(settings).map(([name, value]) => setForServer(name, value));
  if (changes.length === 0) return [];
  return [...changes, reloadSettings()].map((statement) => action(step, server, statement));
}

export function action(
  step: PromotionStepId,
  server: string,
  { redacted, values = [] }: Statement,
): PromotionAction {
  return { step, server, what: redacted, values };
}
