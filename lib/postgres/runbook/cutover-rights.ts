import { supports } from '../capabilities';
import { quoteIdentifier } from '../identifiers';
import { decodedLinks } from '../preflight/relations';
import { serverOf } from '../topology';
import { decodedSchemas, ownersQuery } from './managed-sections';
import { codeBlock, inlineCode } from './markdown';
import type { RunbookContext, Section } from './section';

/** What the administrating role needs when writers are switched away from the server, and perhaps back. */
export function cutoverRightsSection(context: RunbookContext): Section | undefined {
  const { topology, server, administrator } = context;
  const { majorVersion, database } = serverOf(topology, server);
  const [link] = decodedLinks(topology, server);
  // A superuser, which it must be there, needs nothing else.
  if (link === undefined || !supports(majorVersion, 'create-replication-role')) return undefined;
  const role = inlineCode(administrator);
  return {
    title: 'Rights for the cutover',
    paragraphs: [
      `Leave this out as long as nobody plans \`pontoon cutover\`. At the cutover ${role} takes \`CONNECT\` on database ${inlineCode(database)} from everybody but the migration, which only the database’s owner may; it reads and sets sequences; and the way back writes to tables with the rights of their owners. This lists what to grant: run each line that it returns, and do it again when objects of another owner were added. An owner that is a superuser makes ${role} as mighty as one; give the database to another role first if that is too much.`,
      codeBlock('sql', ownersQuery(decodedSchemas(topology, server), administrator)),
      'The way back is a subscription here:',
      codeBlock('sql', `GRANT pg_create_subscription TO ${quoteIdentifier(administrator)};`),
      `That subscription is the only connection that ${inlineCode(server)} opens itself: let it reach the port of ${inlineCode(link.to)}.`,
    ],
  };
}
