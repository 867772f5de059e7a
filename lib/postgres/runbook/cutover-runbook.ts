import { CUTOVER_LIMITS, CUTOVER_STEPS, type CutoverStep } from '../cutover';
import { decodedLinks } from '../preflight/relations';
import { LinkKind, type Topology, type TopologyLink } from '../topology';
import { type Cloud, cloudOf, whatGoes, whoTells, whoWatches } from './cloud';
import { cutoverEndings } from './cutover-endings';
import { codeBlock, inlineCode, list, table } from './markdown';
import { stateMachineSection } from './state-machine-section';

const FILE = 'cutover.json';
const SECTIONS = 5;

/**
 * The operator's pages of a cutover, as Markdown, one for each server that tables of `server` are carried to: commands,
 * steps, expected output, points of no return, what to do about each way in which it ends, rollback and end. Empty
 * without such a server.
 */
export function renderCutoverRunbook(topology: Topology, server: string): string {
  const links = decodedLinks(topology, server);
  return links
    .filter((link, index) => links.findIndex(({ to }) => to === link.to) === index)
    .map((link) => {
      const shared = links.filter(({ to }) => to === link.to);
      const cloud = cloudOf(topology, [server, link.from, link.to]);
      return page(server, link, { cloud, shared: shared.length === 1 ? [] : shared });
    })
    .join('\n');
}

interface Page {
  /** Where the deployment runs. */
  readonly cloud: Cloud;
  /** The links that carry a part of the tables each, if there are several. */
  readonly shared: readonly TopologyLink[];
}

function page(server: string, link: TopologyLink, { cloud, shared }: Page): string {
  return [
    `# Cut over from ${inlineCode(server)} to ${inlineCode(link.to)}`,
    `Deploying never switches writers: this does${whoTells(cloud, FILE)} Run the commands where every server can be reached${link.kind === LinkKind.DMS ? ', and AWS DMS too' : ''}. One person runs them; a second one is refused.`,
    ...before(server, link, shared),
    ...walk(server, link),
    ...cutoverEndings(server, link, { cloud, file: FILE }),
    ...rollback(server, link, cloud),
    ...finalization(server, link, cloud),
    ...(cloud === 'aws' ? stateMachineSection(SECTIONS + 1) : []),
    '',
  ].join('\n\n');
}

const RETRIES = `A stream that breaks behind the fence is asked for again after \`wal_retrieve_retry_interval\` of the server that receives it, which is 5 s unless it is set. Servers that \`pontoon\` sets up have \`500ms\`, and runbooks of your own servers ask for it; that a managed service lets it be set was not tried: there it may cost 5 s of the budget, unless you set it and the service takes it.`;

function before(
  server: string,
  { from, to, kind }: TopologyLink,
  shared: readonly TopologyLink[],
): string[] {
  const hops = from === server ? '' : ` It travels by way of ${inlineCode(from)}.`;
  return [
    '## 1. Before',
    'Compare all rows, while applications write, days before if they are many; the new writer remembers the result for as long as its stream does not break, and no cutover begins without. If it is cut off, run it again: it goes on where it was about a minute before. Then look whether a cutover would begin:',
    codeBlock('sh', `pontoon cutover --file ${FILE} --compare\npontoon status --file ${FILE}`),
    codeBlock(
      '',
      [
        'phase      provisioned',
        `writer     ${server}`,
        ...(shared.length === 0
          ? ['forward    carrying, 312 B behind']
          : shared.map(({ part }) => `forward    carrying, 312 B behind, ${part ?? 'the rest'}`)),
        'gate       open: the ledger and the canary are on both servers',
        '…',
      ].join('\n'),
    ),
    `Every gate must be open; each says what to do about it. A gate that cannot be read is \`UNCHECKED\`, and keeps the cutover from beginning as a closed one does (exit code 3).${hops} Then read what would be sent, and have somebody else read it; nothing is changed by this:`,
    codeBlock('sh', `pontoon cutover --file ${FILE} --dry-run`),
    `From the comparison to the opening, nobody may write to ${inlineCode(to)}, administrators and superusers neither. Gate \`foreign-writes\` keeps ordinary logins out; what the others change in a table that is not compared again behind the fence, nothing shows.`,
    `From the comparison on, move no slot or origin by hand (\`pg_replication_slot_advance\`, \`pg_replication_origin_advance\`), skip no transaction (\`ALTER SUBSCRIPTION … SKIP\`), and alter no subscription and no publication by hand, not even for a moment (\`SET PUBLICATION\` and back leaves out what was written in between): not every server shows afterwards that somebody did. If somebody did, have ${inlineCode(to)} forget what was compared, by \`DELETE FROM pontoon.verification\`, and compare all rows again.`,
    `Tell everybody who uses ${inlineCode(server)}: all sessions but the migration’s end. End superusers’ sessions and scheduled jobs yourself, since no fence does, and have clients reconnect by themselves.`,
    `No gate compares triggers, functions, views, what rules do, queries within policies of row-level security, which columns a grant is on, and settings of roles and of the database but for \`default_transaction_read_only\`: look yourself that ${inlineCode(to)} has them.`,
    `Nor does any gate see, and nothing carries: **passwords** (each server has its own: log in to ${inlineCode(to)} as each application does; the right password is answered by \`permission denied for database\` as long as it is guarded), **materialized views** (a copied schema has them without rows, and nobody can read those: \`REFRESH MATERIALIZED VIEW\` on ${inlineCode(to)} now, and again once it is open), **large objects** (move them into a \`bytea\` column, or copy them yourself), scheduled jobs, and foreign servers with their user mappings. Of sequences that no selected table is known to use, those that ${inlineCode(to)} has too are moved ahead there, and never back; gate \`sequences\` names the others.`,
    `A role that is kept is let in on ${inlineCode(server)} for good, and gates look only at what it may write itself: let none in that may call a \`SECURITY DEFINER\` function that writes. A login has the same name on both servers, or another one that \`logins\` of the plan says: a gate asks of ${inlineCode(to)} whether it may do there what it may on ${inlineCode(server)}.`,
    ...(kind === LinkKind.PGLOGICAL ? [] : [RETRIES]),
    `From here on, leave definitions of tables alone on ${inlineCode(server)} and on ${inlineCode(to)}, and let no job make or drop tables that day: one that does so behind the gates has the walk undone.`,
  ];
}

function walk(server: string, { to }: TopologyLink): string[] {
  const fence = CUTOVER_STEPS.findIndex(({ id }) => id === 'fence');
  const open = CUTOVER_STEPS.findIndex(({ final }) => final);
  const notice = (index: number): string => {
    if (index < fence || index > open) return 'nothing';
    return index === open ? 'writes succeed again' : 'nobody can write';
  };
  return [
    '## 2. Cut over',
    codeBlock('sh', `pontoon cutover --file ${FILE}`),
    'It says what will happen and who is connected, and asks; type the name of the migration.',
    table(
      ['', 'step', 'phase', 'what it does', 'applications notice'],
      CUTOVER_STEPS.map((step, index) => [
        String(index + 1),
        titleOf(step),
        inlineCode(step.phase),
        step.purpose,
        notice(index),
      ]),
    ),
    codeBlock(
      '',
      [
        ...CUTOVER_STEPS.map(({ title }, index) => {
          const closed = index >= fence && index <= open ? ', closed for N ms' : '';
          return `${title}: done in N ms${closed}`;
        }),
        `'${to}' is open; nobody could write for N ms`,
        'N of N tables compared behind the fence',
      ].join('\n'),
    ),
    list([
      `**Up to step ${open}** Ctrl-C, a failure, and the end of the budget (${CUTOVER_LIMITS.budgetMs / 1000} s unless the plan says otherwise, \`--budget\`) take everything back: ${inlineCode(server)} works as before.`,
      `**Step ${open + 1} is the point of no return.** The decision is one row on ${inlineCode(server)}. What comes after is a rollback, section 4.`,
      `Where gate \`rows\` says that a table is compared behind the fence again, which it is since it was truncated or written anew after its comparison, nobody can write until it was, for half of the budget at the longest.`,
      `The fence on ${inlineCode(server)} stays, so that nobody writes there by mistake.`,
    ]),
  ];
}

function titleOf({ title, final }: CutoverStep): string {
  return final ? `**${title}**` : title;
}

function rollback(server: string, { to, kind }: TopologyLink, cloud: Cloud): string[] {
  return [
    '## 4. Roll back',
    `For as long as nothing was finalized, and unless the migration was declared to have no way back: every write on ${inlineCode(to)} flows to ${inlineCode(server)}, by ${wayBack(kind)}. A rollback is the same walk in the other direction, with the same gates, asks the same way, and loses nothing that was written since. Its rows are compared first too.`,
    codeBlock(
      'sh',
      `pontoon status --file ${FILE}     # way back   carrying, … behind\npontoon rollback --file ${FILE} --compare\npontoon rollback --file ${FILE}`,
    ),
    `Somebody must watch the way back${whoWatches(cloud)}. Its slot on ${inlineCode(to)} keeps WAL for as long as ${inlineCode(server)} does not take it, up to \`max_slot_wal_keep_size\`, beyond which there is no rollback any more. After a rollback the next is \`pontoon cutover\` again, or \`pontoon finalize --back\`, section 5.`,
  ];
}

function wayBack(kind: LinkKind): string {
  if (kind === LinkKind.PGLOGICAL) return 'a subscription of pglogical';
  return `a native subscription${kind === LinkKind.DMS ? ' although AWS DMS carried the way forward' : ''}`;
}

function finalization(server: string, { to }: TopologyLink, cloud: Cloud): string[] {
  return [
    '## 5. Finalize',
    `When nobody will want to go back. **This is a point of no return**: subscriptions, slots, publications, the canary and the roles of both ways are dropped, and with them their passwords; ${inlineCode(server)} receives nothing any more. It says so, and asks.`,
    codeBlock('sh', `pontoon finalize --file ${FILE}`),
    codeBlock(
      '',
      `dropped: subscription 'pontoon' on '${to}'\n…\nrotate: the password of 'theirs' on '${server}', a login of yours that the migration replicated with`,
    ),
    'It drops the roles that it made. A line that begins with `rotate` names a login of yours: whatever the migration ran on knows its password, so give it another one.',
    `Applications can connect to ${inlineCode(server)} again afterwards, whose rows are then old; \`--leave-fenced\` keeps them out. After a rollback that is to stay, \`pontoon finalize --back\` ends the migration with ${inlineCode(server)} as the writer. No later deployment makes again what was dropped, or closes the writer.${whatGoes(cloud, server, to)}`,
  ];
}
