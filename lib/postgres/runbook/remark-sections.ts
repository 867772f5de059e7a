import { decodedLinks, dmsLinks } from '../preflight/relations';
import { LinkKind, linksFrom, serverOf, slotNameOf } from '../topology';
import { dropStatements } from './administrator-sections';
import { codeBlock, inlineCode, list } from './markdown';
import type { RunbookContext, Section } from './section';
import { resetStatements } from './settings-section';

/** What AWS DMS does differently, where a link of it carries the server's tables. */
export function dmsSection({ topology, server }: RunbookContext): Section | undefined {
  if (dmsLinks(topology, server).length === 0) return undefined;
  return {
    title: 'What AWS DMS does not carry',
    paragraphs: [
      'Decide about these before the first copy:',
      list([
        'UPDATE and DELETE of a table without a primary key are lost, whatever its replica identity; add a key.',
        'TRUNCATE is not replicated.',
        'Numbers of type `numeric` without a precision arrive rounded to (28,6); give the column one.',
        'Sequences, indexes, constraints, triggers, views and roles are not DMS’s business; the schema is copied by `pg_dump`, sequences are set at the cutover.',
        'Large objects (`lo`, `oid`) are not replicated.',
        ...(decodedLinks(topology, server).some(({ from }) => from !== server)
          ? [
              'It reads from a standby: changes of a table’s definition are not replicated. Leave definitions alone while the migration runs.',
            ]
          : []),
      ]),
    ],
  };
}

/** Why text indexes of a physical copy may be wrong. */
export function collationSection({ topology, server }: RunbookContext): Section | undefined {
  const standbys = linksFrom(topology, server).filter(({ kind }) => kind === LinkKind.PHYSICAL);
  if (standbys.length === 0) return undefined;
  const { database } = serverOf(topology, server);
  const names = standbys.map(({ to }) => inlineCode(to)).join(', ');
  return {
    title: 'Collations',
    paragraphs: [
      `A physical copy keeps indexes that were sorted by the operating system of ${inlineCode(server)}. If the C library or ICU of ${names} sorts otherwise, indexes on text are wrong there: queries miss rows, and unique keys admit doubles. Compare the versions on both, connected to database ${inlineCode(database)}:`,
      codeBlock(
        'sql',
        "SELECT collname, collprovider, pg_catalog.pg_collation_actual_version(oid) AS version FROM pg_catalog.pg_collation WHERE collprovider IN ('c', 'i') AND collname IN ('default', 'en_US', 'en-x-icu', 'und-x-icu') ORDER BY 1;",
      ),
      'Choose the same family and release of operating system for the standby. Where that is impossible, replicate from it as it is, which reads tables and not indexes, but do not promote it before `REINDEX DATABASE`.',
    ],
  };
}

/** How to take everything back. */
export function undoSection(context: RunbookContext): Section {
  const { topology, server, administrator, port = 5432 } = context;
  const { database } = serverOf(topology, server);
  const slots = linksFrom(topology, server).map((link) => slotNameOf(topology, link));
  return {
    title: 'Undo',
    paragraphs: [
      `Once a cutover has opened its new writer, finalize before you delete anything, which fails until then. Delete the stack first: it drops the slots, roles and publications that it made here. A slot that stays keeps WAL until the disk is full; this must return no row${slots.length === 0 ? '' : ` (look for ${slots.map(inlineCode).join(', ')})`}:`,
      codeBlock(
        'sql',
        'SELECT slot_name, active, wal_status FROM pg_catalog.pg_replication_slots ORDER BY 1;',
      ),
      `Then, as a superuser, connected to database ${inlineCode(database)}, take the role away. \`DROP OWNED\` revokes what was granted to ${inlineCode(administrator)}, and drops whatever it still owns in this database:`,
      codeBlock('sql', dropStatements(context).join('\n')),
      'Take back the settings that you set here, unless somebody else has come to need them; what section 1 calls a restart is one again:',
      codeBlock(
        'sql',
        [...resetStatements(context), 'SELECT pg_catalog.pg_reload_conf();'].join('\n'),
      ),
      `Remove the lines of section 2 from pg_hba.conf, reload, and close port ${port} in the firewall.`,
    ],
  };
}
