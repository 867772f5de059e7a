import { LOST_STEPS, PLANNED_STEPS, type PromotionStep, quorumOf } from '../promotion';
import { clusterOf, type Topology } from '../topology';
import { codeBlock, inlineCode, list, table } from './markdown';

const FILE = 'promotion.json';

/**
 * The operator's page of a promotion in the cluster of `server`, as Markdown: planned, in place of a lost primary, what
 * it may say, and how the old primary comes back. Empty for a server that belongs to no cluster.
 */
export function renderPromotionRunbook(topology: Topology, server: string): string {
  const members = clusterOf(topology, server);
  const [primary] = members;
  if (primary === undefined) return '';
  const standbys = members.slice(1).map(inlineCode).join(', ');
  return [
    `# Promote a standby of ${inlineCode(primary)}`,
    `${inlineCode(primary)} is followed by ${standbys}. Nothing here promotes by itself: a person decides, and one at a time; a second one is refused. ${inlineCode(FILE)} holds the topology and a connection to each server with a superuser’s login, and \`pontoon promote --help\` shows one: write it anew whenever a server or a quorum changes. Run the command where every server can be reached. It may be killed, and is run again: it goes on from what the servers are.`,
    ...planned(primary),
    ...lost(topology, primary),
    ...endings(primary),
    ...rejoining(primary),
    '',
  ].join('\n\n');
}

function planned(primary: string): string[] {
  return [
    '## 1. While the primary answers',
    codeBlock('sh', `pontoon promote --file ${FILE} --dry-run\npontoon promote --file ${FILE}`),
    `Nothing is lost: ${inlineCode(primary)} is fenced first, and clients must find the new primary themselves, such as by \`target_session_attrs=read-write\` and all hosts in their connection string. Clients by libpq, such as psql, get no further than ${inlineCode(primary)} where it comes first, as long as it answers “too many connections”: stop it as soon as the command has ended, by \`systemctl stop pontoon-boot pontoon-postgres\`, or rejoin it, section 4. A machine that \`pontoon\` set up stops it by itself, within two minutes after it sees the new timeline. End superusers’ sessions yourself, since no fence does. It refuses before the fence where the standby does not stream. What fails before the promotion is taken back, also what an earlier run had done that was killed, and by another connection if the one to ${inlineCode(primary)} broke; where that fails too, \`NOT_TAKEN_BACK\` says what is left.`,
    steps(PLANNED_STEPS),
  ];
}

function lost(topology: Topology, primary: string): string[] {
  const quorum = quorumOf(topology, primary);
  const loss =
    quorum === undefined
      ? `Replication is asynchronous: what ${inlineCode(primary)} wrote and nobody had received is lost. The command says from which position on; with \`lastKnown\`, from your monitoring, how much that is.`
      : `${quorum.quorum} of ${quorum.standbys.map(inlineCode).join(', ')} had every acknowledged commit. As long as ${quorum.standbys.length - quorum.quorum + 1} of them answer, none is lost but those of sessions whose \`synchronous_commit\` was \`off\` or \`local\`, or that were cancelled as they waited; with fewer the command refuses, unless \`--accept-loss\` is said. It refuses too if ${inlineCode(primary)} had not noted in its database that it waited for just these: then nobody knows what it acknowledged.`;
  return [
    '## 2. When the primary is lost',
    `Make sure that it is gone and stays so: stop its instance, or take it out of the network. A server that answers, even by refusing the login, is not lost, nor is one that a standby still hears from. After an earlier promotion give the present primary as \`from\`: the command refuses while standbys stream from another server that does not answer. ${loss}`,
    LOGIN,
    codeBlock(
      'sh',
      `pontoon promote --file ${FILE} --declare-lost --dry-run\npontoon promote --file ${FILE} --declare-lost`,
    ),
    steps(LOST_STEPS),
    LOST_ARCHIVE,
    lostAgain(primary),
  ];
}

const LOGIN =
  'It needs the login for every server, also for the lost one. Keep it outside the vault of the primary’s region too, since that may be lost as well, and give it then as `"secret": "file:/path"` in each connection: a file of mode 0600 with `{"username": "…", "password": "…"}`.';

const LOST_ARCHIVE =
  "Look next at where the log is archived, if it is: an archive that was lost with the primary’s region fails on the new primary for ever, and the log that waits for it fills its disk. `SELECT last_failed_time > last_archived_time, last_failed_wal FROM pg_stat_archiver` shows it. Let `archive_command` write to a place that is there, such as, on machines that `pontoon` set up in OCI, a bucket of the same name in a living region, named by `REGION` in `/etc/pontoon/archive.env` on each server. Until then `archive_command = '/bin/true'` saves the disk, at the price that standbys which fall behind must be copied anew. A `restore_command` that waits for the lost region delays promotions and standbys: point it away too.";

/** Whoever was opened last has what counts. */
function lostAgain(primary: string): string {
  const old = inlineCode(primary);
  return `If the new primary dies for good after it took writes, give it as \`from\`, with \`--declare-lost\`: one of those that followed it takes its place, and ${old} stays fenced until it is rejoined. Only if none of them is left is ${old} the best that there is, without all that was committed since: start it, with the mark \`alone\` of section 4 where its machine has stopped it, and give \`from\` as ${old} then, and under \`lost\` the new primary and whoever else does not answer. Another standby of ${old} is promoted, or, where there is none, the command ends with \`NO_CANDIDATE\` once clients are let into ${old} again.`;
}

function steps(all: readonly PromotionStep[]): string {
  return table(
    ['', 'step', 'what it does'],
    all.map(({ id, title }, index) => [
      String(index + 1),
      id === 'promote' ? '**promote**, the point of no return' : id,
      title,
    ]),
  );
}

function endings(primary: string): string[] {
  const old = inlineCode(primary);
  return [
    '## 3. What it may say',
    table(
      ['it says', 'what to do'],
      [
        ['`UNREACHABLE`', `make ${old} reachable, or section 2`],
        ['`NOT_LOST`, `HEARD`', `${old} still works: stop it, or section 1`],
        ['`ANSWERS`', 'the server that it names still works: let us in, or stop it'],
        [
          '`ANOTHER_PRIMARY`',
          `give \`from\` as the server that was promoted since, and stop whichever was replaced, if it still works; if a server that it names is gone too and was not the last primary, name it under \`lost\``,
        ],
        ['`SECRET_UNAVAILABLE`', 'give the login by a file, section 2'],
        ['`BEHIND`', 'another standby has more: promote that one, or name none'],
        [
          '`NOT_STREAMING`',
          'have the standby stream and replay, as it says, and run it again, or name another one as `to`. What an earlier run had fenced is open, and whoever it had pointed elsewhere streams from the primary again, unless another server was promoted since; a dry run leaves all as it is',
        ],
        [
          '`NOT_TAKEN_BACK`',
          `${old} may be fenced still, or a standby not follow it, as it says: run it again once they answer; if ${old} is lost by now, section 2`,
        ],
        [
          '`MAY_BE_PROMOTED`',
          `${old} stays fenced, since an earlier run may have opened a server that it names. Make that reachable, and it says so itself. If it is being promoted, wait, and run it again. If it was opened and is gone, section 2, the last paragraph. If you know that it was not opened, name it under \`lost\`: a standby that was pointed to it is pointed to ${old} before it is promoted`,
        ],
        [
          '`NOT_GIVEN_UP`',
          `another server was promoted beside ${old}, by hand, by a run that was killed as it ended or by an earlier release, or has another name since: section 4, the last item, or, if clients write to that other one, give \`to\` as that, and say \`--accept-loss\`: what ${old} wrote since is lost, as it says`,
        ],
        [
          '`NO_HISTORY`',
          `the new primary lost the file that says where its timeline began: copy it from a standby’s \`pg_wal\`, or from the archive, and run it again. ${old} is fenced before, if it is noted that it was replaced`,
        ],
        ['`NO_ANSWER`', 'a server hangs: end what it waits for, or stop it, and run it again'],
        [
          '`LOG_UNREAD`',
          'a standby was restarted and has not read its own log, which may hold what nobody else has: wait until `pg_last_wal_receive_lsn()` is set there, or accept the loss',
        ],
        ['`QUORUM_UNKNOWN`', 'bring another standby back, or accept the loss'],
        [
          '`QUORUM_NOT_NOTED`',
          'give `synchronous` in the topology as it was in force, or accept the loss: it counts as asynchronous',
        ],
        [
          '`TAKES_WRITES`',
          'what is to be rejoined still lets clients in: run the promotion again first, or stop it',
        ],
        ['`NOT_QUIET`', 'end the session that it names, and run it again'],
        ['`HELD`', 'somebody else promotes: wait'],
        [
          '`TWO_PRIMARIES`',
          'stop the one that clients do not write to, and rejoin it, with `--fresh-copy` if both wrote one timeline',
        ],
        [
          'commits wait, and clients hang',
          'fewer standbys follow the new primary than each commit is to reach. Rejoin others, or run the statements that it prints: they take back the note first, so that no promotion believes it. Give `synchronous` in the topology as it is then, or the next run asks for as many as before',
        ],
        ['exit code 1, and a server that does not follow', 'look at its log; rejoin it, section 4'],
        [
          'logical slots that are not on the new primary',
          'set up anew what read from them, and compare its data: what it had read may not be what the new primary has',
        ],
        [
          'others that stream from the old primary',
          'make a slot for each on the new one, and change its `primary_conninfo`; what streams from a standby goes on',
        ],
        ['a log that it cannot keep in its archive', 'section 2, the last paragraph but one'],
      ],
    ),
  ];
}

const ALONE =
  'A primary on a machine that `pontoon` set up asks the others when it boots, and takes no writes before each of them says that none was promoted: a promotion asks no majority, so that most of them are not enough. If some cannot answer and you know that none of these was promoted, `touch /var/lib/pgsql/pontoon/.pontoon/alone` on the primary’s machine, which counts for that boot. A machine needs a login for this: in OCI `machine.sshPublicKey` and `logins.shellNetworks`, or OCI Bastion.';

const BY_HAND =
  'Never promote a member by hand, by `pg_promote()` or `pg_ctl promote`, not even to try a backup: whichever has the later timeline counts, so that within a minute the primary stops itself, and refuses to boot. If it happened, stop the one that was promoted at once, before clients write to it. Then start the primary again, `systemctl restart pontoon-boot`, with the mark `alone` from above, and rejoin the other one. If clients wrote to it already, it is the primary: run `pontoon promote --accept-loss` with `to` naming it, which says what the old one loses, and rejoin that. `TWO_PRIMARIES`, or the alarm `second-primary`, tells of two on the same timeline, of which none stops itself, and none is started beside the other.';

function rejoining(primary: string): string[] {
  const old = inlineCode(primary);
  return [
    '## 4. The old primary',
    list([
      `Never just start ${old}: it would take writes beside the new one. If it came back by itself, run the same command again: it keeps clients out, and says how much ${old} has that nobody else has.`,
      'Take what is only there before it is rewound, if you need it; what its machine has stopped is started by hand for that, with an empty `listen_addresses`.',
      ALONE,
      BY_HAND,
    ]),
    codeBlock(
      'sh',
      `pontoon promote --file ${FILE} --rejoin ${primary} > rejoin.sh    # read it, then run it on the host\npontoon promote --file ${FILE} --dry-run              # says who follows, and changes nothing`,
    ),
    `It is rewound by \`pg_rewind\`, which needs \`wal_log_hints\`, as every server of a cluster has it here, and the log since both parted. Where it refuses or was cut off, \`--fresh-copy\` copies everything anew and keeps the old data beside it; once the script has stopped the server, it says so if it fails. Before it stops anything it refuses the host of another server, and what was promoted beside the new primary, on the same timeline, for which there is only \`--fresh-copy\`. Data of a later timeline is refused in both ways: whoever wrote it was promoted after the primary that is to be followed, and \`GIVE_UP=\` with that timeline says that it may go. From then on name the new primary as \`from\`; the topology may stay as it is.`,
  ];
}
