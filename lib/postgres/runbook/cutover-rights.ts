import { supports } from '../capabilities';
import { quoteIdentifier } from '../identifiers';
import { decodedLinks } from '../preflight/relations';
import { Platform, serverOf, type TopologyLink } from '../topology';
import { decodedSchemas, ownersQuery } from './managed-sections';
import { codeBlock, inlineCode } from './markdown';
import type { RunbookContext, Section } from './section';

const RDS: readonly Platform[] = [Platform.AURORA, Platform.RDS];

/** What the administrating role needs when writers are switched away from the server, and perhaps back. */
export function cutoverRightsSection(context: RunbookContext): Section | undefined {
  const { topology, server, administrator } = context;
  const { majorVersion, database } = serverOf(topology, server);
  const [link] = decodedLinks(topology, server);
  if (link === undefined) return undefined;
  // A superuser, which it must be there, needs no rights.
  if (!supports(majorVersion, 'create-replication-role'))
    return { title: 'The way back of a cutover', paragraphs: [wayBack(context, link)] };
  const role = inlineCode(administrator);
  return {
    title: 'Rights for the cutover',
    paragraphs: [
      `Leave this out as long as nobody plans \`pontoon cutover\`. At the cutover ${role} takes \`CONNECT\` on database ${inlineCode(database)} from everybody but the migration, which only the database’s owner may; it reads and sets sequences; and the way back writes to tables with the rights of their owners. This lists what to grant: run each line that it returns, and do it again when objects of another owner were added. An owner that is a superuser makes ${role} as mighty as one; give the database to another role first if that is too much.`,
      codeBlock('sql', ownersQuery(decodedSchemas(topology, server), administrator)),
      'The way back is a subscription here:',
      codeBlock('sql', `GRANT pg_create_subscription TO ${quoteIdentifier(administrator)};`),
      wayBack(context, link),
    ],
  };
}

/** How the server reaches the new writer, to follow it. */
function wayBack({ topology, server }: RunbookContext, { to }: TopologyLink): string {
  const follower = inlineCode(server);
  const writer = inlineCode(to);
  const ofRds = RDS.includes(serverOf(topology, to).platform);
  const roots = ofRds
    ? 'those of Amazon RDS, `global-bundle.pem`,'
    : `those that sign for ${writer}`;
  const option = inlineCode(ofRds ? 'cutover.wayBack.sslRootCert' : 'sslRootCert');
  return `After a cutover ${follower} follows ${writer} by a subscription, whose connection it opens itself: let it reach the port of ${writer}. It checks the certificate of ${writer} by root certificates in a file on its own host: put ${roots} where the server’s own user can read them, under the name that the deployment says in ${option}.`;
}
