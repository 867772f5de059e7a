import {
  allowRewind,
  memberSlot,
  PontoonError,
  type PromotionInput,
  parseConninfo,
  RejoinMode,
  renderRejoin,
  repointConninfo,
  type SecretStore,
  type ServerPlaces,
  serverOf,
  serverPlaces,
} from '../../postgres';
import { type Members, PromotionContext } from './context';
import { provideSlot } from './follow';
import { look, takeCluster } from './look';
import { withMembers } from './open';
import { type LeftBehind, leftBehind, primariesBeside, takesWrites } from './promoted';

/** Which server is to be rejoined, and how. */
export interface RejoinRequest {
  readonly input: PromotionInput;
  /** The server that is to follow the new primary: the old one, or a standby that was away for too long. */
  readonly server: string;
  readonly mode: RejoinMode;
  /** Where the server's files are. @default - as the server says, otherwise where those of the new primary are */
  readonly places?: Partial<Omit<ServerPlaces, 'conninfo'>>;
}

/** A script for the host of a server. */
export interface RejoinScript {
  readonly server: string;
  readonly mode: RejoinMode;
  /** The primary that it is to follow. */
  readonly primary: string;
  readonly script: string;
}

/**
 * Has the primary keep its log for `server` and let it read its files, and returns the script for the server's host.
 * A dry run of the promotion says afterwards whether it follows; a promotion would fence the primary that it names.
 */
export async function rejoin(
  request: RejoinRequest,
  services: { readonly secrets: SecretStore },
): Promise<RejoinScript> {
  const { input, server, mode } = request;
  return await withMembers(input, services.secrets, async (sessions, absent) => {
    const context = new PromotionContext({ input }, services, sessions, absent);
    requireMember(context, server);
    await takeCluster(context);
    const members = await look(context);
    refuseTakingWrites(members, server);
    const primary = primaryBeside(members, server);
    const slot = memberSlot(input.topology, server);
    const conninfo = await conninfoFor(context, members, { server, primary });
    await provideSlot(context, primary, slot);
    if (mode === RejoinMode.REWIND) await allow(context, primary, conninfo);
    const { database } = serverOf(input.topology, server);
    const places = await placesOf(context, members.has(server) ? server : primary);
    const script = renderRejoin({
      ...places,
      ...request.places,
      server,
      mode,
      database,
      conninfo,
      slot,
      primary,
      timeline: members.get(primary)?.timeline ?? 0,
    });
    return { server, mode, primary, script };
  });
}

function requireMember({ members }: PromotionContext, server: string): void {
  if (members.includes(server)) return;
  throw new PontoonError(
    'NO_MEMBER',
    `the server to rejoin must belong to the cluster, got '${server}'; known are ${members.join(', ')}`,
  );
}

/** What clients write there until it is stopped would go without a word. */
function refuseTakingWrites(members: Members, server: string): void {
  if (!takesWrites(members.get(server))) return;
  throw new PontoonError(
    'TAKES_WRITES',
    `'${server}' must take no writes any more before it is rejoined, got a primary that lets clients in; run the promotion again first, which keeps them out and says what is lost, or stop '${server}'`,
  );
}

/** The primary that is not `server` itself, and was not replaced. */
function primaryBeside(members: Members, server: string): string {
  const primaries = primariesBeside(members, server);
  const behind = leftBehind(members, primaries);
  if (behind !== undefined) throw wouldDiscard(server, behind);
  const [primary, another] = primaries;
  if (primary !== undefined && another === undefined) return primary;
  throw new PontoonError(
    'NO_PRIMARY',
    `'${server}' must have one primary to follow, got ${another === undefined ? 'none' : primaries.map((name) => `'${name}'`).join(' and ')}; promote a standby first, or rejoin the others`,
  );
}

/** A server that follows a primary has nothing of a later timeline any more, which may be nowhere else. */
function wouldDiscard(
  server: string,
  { primary, timeline, ahead, later }: LeftBehind,
): PontoonError {
  return new PontoonError(
    'ANOTHER_PRIMARY',
    `'${server}' cannot follow '${primary}', got timeline ${timeline} there, and '${ahead}' has log of timeline ${later}, so that another server was promoted since; stop '${primary}', promote a standby if that other one is lost, and run this again, or, if nobody wrote to timeline ${later}, stop '${ahead}', and run this again`,
  );
}

/** As another standby streams; otherwise as the new primary did. */
async function conninfoFor(
  context: PromotionContext,
  members: Members,
  { server, primary }: { readonly server: string; readonly primary: string },
): Promise<string> {
  const standby = [...members].find(([, { recovering }]) => recovering)?.[0] ?? primary;
  const { conninfo } = await placesOf(context, standby);
  const connection = context.input.connections[primary];
  if (connection === undefined) return conninfo;
  const { host, port } = connection;
  return repointConninfo(conninfo, standby, { host, port, applicationName: server });
}

/** What pg_rewind reads, and a checkpoint, by which it sees the new timeline. */
async function allow(context: PromotionContext, primary: string, conninfo: string): Promise<void> {
  const role = parseConninfo(conninfo, primary).get('user');
  if (role !== undefined) {
    for (const statement of allowRewind(role)) await context.run(primary, statement);
  }
  await context.checkpoint(primary);
}

async function placesOf(context: PromotionContext, server: string): Promise<ServerPlaces> {
  const row = await context.runOne(server, serverPlaces());
  return row as unknown as ServerPlaces;
}
