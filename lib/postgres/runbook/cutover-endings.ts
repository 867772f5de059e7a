import type { TopologyLink } from '../topology';
import { type Cloud, whoLifts } from './cloud';
import { inlineCode, table } from './markdown';

/** What the commands may say at their end, and what is to be done then; `file` is what they are told by. */
export function cutoverEndings(
  server: string,
  { to }: TopologyLink,
  { cloud, file }: { readonly cloud: Cloud; readonly file: string },
): string[] {
  const [from, next] = [inlineCode(server), inlineCode(to)];
  const lift = `\`pontoon cutover --lift-expired --file ${file}\``;
  return [
    '## 3. What it may say',
    'The last line of its output, and `code` with `--json`:',
    table(
      ['it says', 'what is true', 'what to do'],
      [
        ['`GATES_CLOSED`', 'nothing was begun', 'do what each gate says, and try again'],
        [
          '`GATES_UNCHECKED`',
          'nothing was begun, and something could not be read (exit code 3)',
          'make it readable, mostly by a grant, and try again',
        ],
        [
          '`UNDONE`',
          `everything was taken back: ${from} is the writer, and ${next} follows it`,
          'mend what the message says, look at `pontoon status`, and try again',
        ],
        [
          '`CUT_OFF`',
          `${from} may still be fenced, unless the message says that it is open: a server did not answer while things were taken back`,
          `run the same command again as soon as the servers answer; it takes back the rest or goes on. ${whoLifts(cloud, file)}`,
        ],
        [
          '`UNDECIDED`',
          `${next} may be open, and did not answer; ${from} stays fenced, so that never both are`,
          `bring ${next} back, and run the same command again: it finishes. Lift no fence for as long as ${next} may come back. If it never will, somebody decides that whatever was written there is lost: \`UPDATE pontoon.cutover SET decided_at = NULL WHERE migration = '…' AND opened_at IS NULL\` on ${from}, with the \`migration\` that \`${file}\` names, and once the deadline has passed ${lift}, which opens ${from} again; \`pontoon finalize --gone\` then ends the migration`,
        ],
        [
          '`UNSETTLED`',
          `${next} is open, and applications write there; something that follows failed, such as showing that the way back works. Where the message says that it did not begin, a server did not answer: \`pontoon status\` says how far the migration is`,
          'mend what the message says, and run the same command again: it goes on there, and moves no writer',
        ],
        [
          '`UNSETTLED` of `finalize`',
          'nothing was dropped: clients are sent to the old writer, such as by a deployment that put that back',
          'run the walk again that opened the writer, by which they are sent to it, and then `finalize`',
        ],
        [
          '`HELD`',
          'somebody else walks, or began and was cut off, perhaps in the other direction; or the fence of this walk was taken away while it slept, and nothing more was changed, but that clients whom it had led to a closed server were led back',
          'ask them. If they cannot go on: the same command with `--take-over`. A walk in the other direction is ended by its own command, as the message says; `pontoon status` says where writers are now',
        ],
        [
          '`WAY_BACK_UNREACHABLE`',
          `nobody was fenced: ${from} could not connect to ${next}, from which it is to follow after the switch`,
          `open the way from ${from} to ${next} (firewall, route, certificate, password, REPLICATION), and try again`,
        ],
        [
          '`CONNECT_FAILED`, `SECRET_UNAVAILABLE`, `ENDPOINT_UNAVAILABLE`, `ENDPOINT_UNKNOWN_SIDE`, `SQL`',
          'this run fenced nobody: a server or a service could not be reached, or refused what it was asked; what it made ready was taken back. What a walk before it left behind is as it was',
          `mend what the message says, look at \`pontoon status\`, and try again. If a server stays away while ${from} is still fenced: ${lift} opens ${from} once the deadline has passed, with the servers that answer, unless the decision has fallen`,
        ],
        [
          '`OUT_OF_TIME`, `TIMED_OUT`',
          'this run fenced nobody: something did not end in time, mostly a transaction that writes, for which the slot that watches the fence waits; what it made ready was taken back',
          'do what the message says, such as ending a long transaction that `pg_stat_activity` shows, and try again',
        ],
        [
          '`DECLINED`, `INTERRUPTED`',
          'this run fenced nobody: nobody agreed to it, or somebody broke it off before the fence',
          'nothing, or the same command again',
        ],
        [
          '`NO_SESSION`, `NO_TASK`, `NO_PGLOGICAL`',
          'this run fenced nobody: what it was told names no connection, task or extension for a part of the plan',
          `correct \`${file}\`, and try again`,
        ],
        [
          '`OWNED`, `EXISTS`, `NOT_CONVERGED`',
          `this run fenced nobody: the subscription of the way back cannot be made on ${from}, since one of its name is somebody else’s, or came out otherwise`,
          'drop or rename what the message names, and try again',
        ],
        [
          '`FENCED` of `--dry-run`',
          `nothing was changed: a walk has fenced ${from}, so that there is nothing to try`,
          'look at `pontoon status`',
        ],
        ...(cloud === 'aws' ? ofStateMachine(from, next) : []),
        [
          '`NO_STREAM` at the beginning of `--compare`',
          `nothing was compared, since nothing is carried to ${next}`,
          'deploy the migration, or correct the names of slot and subscription',
        ],
        [
          '`NO_STREAM`, `FORGOTTEN` at the end of `--compare`',
          'what was compared does not count: the stream broke meanwhile, or another comparison or a cutover made it forgotten',
          'see what else runs, and compare again',
        ],
        [
          '`NOT_OPEN` of `finalize`, `NO_WAY_BACK` of `rollback`',
          'nothing was begun: the writer that it is to end with is not open, or there is no way back, as was declared',
          'look at `pontoon status`; after a rollback it is `pontoon finalize --back`',
        ],
        ...withoutServer(from, next, file),
        [
          '`FINALIZED`',
          'nothing was begun: the migration has ended, and nothing of it moves writers any more',
          'nothing: `pontoon status` says which server is the writer',
        ],
        [
          'nothing, since it was killed',
          'what was done is on the servers',
          'run the same command again, as the same owner (`--owner`): it goes on or takes back. While a server is away, the row of `CONNECT_FAILED` says how the fence is lifted; who lifts it meanwhile stands at `CUT_OFF`',
        ],
      ],
    ),
  ];
}

/** What ends a migration of which a server is lost. */
function withoutServer(from: string, next: string, file: string): string[][] {
  return [
    [
      '`CONNECT_FAILED`, `CUT_OFF` for ever, since a server never comes back',
      'what answers keeps slots, and with them WAL without end, subscriptions and roles for it; another migration is refused',
      `\`pontoon finalize --file ${file} --gone NAME\` ends the migration without it. If ${from} is lost once ${next} is open, or a standby in between, ${next} stays the writer; if ${next} is lost before it could be opened, ${from} is, and its fence is lifted (\`--take-over\` if somebody else began the walk). The lost server is not asked, and refused if it answers. What its disk still holds is named: should it come back, drop that, and never let applications in there. The physical slot by which a lost standby followed ${from} keeps WAL there: drop it by \`pg_drop_replication_slot\`, or with what deployed it. A rollback without a standby in between has no way back of its own: walk it by \`pontoon cutover\` and a file of yours, with \`from\` and \`to\` exchanged, \`reverse\` of \`${file}\` as \`forward\`, and neither \`reverse\` nor that standby; then end it by \`pontoon finalize --file ${file} --back --gone NAME\``,
    ],
    [
      '`CUT_OFF` of `--lift-expired`, then `HELD` of `finalize --gone`, since a standby in between never comes back',
      `a rollback was cut off behind its fence on ${next}, which is lifted by now, and cannot be taken back as a whole: the slot of its way back was on that standby`,
      `\`pontoon cutover --lift-expired --file\` with the file of yours of the row above, which names neither \`reverse\` nor that standby, takes back the rest; then \`pontoon finalize --file ${file} --gone NAME\` ends the migration, with ${next} as its writer`,
    ],
    [
      '`NOT_GONE` of `finalize --gone`',
      'nothing was begun: the server answers, or another one at its address, or it could not be asked from here',
      `leave out \`--gone\`, correct \`${file}\`, or run it from where the server’s network can be reached`,
    ],
    [
      '`NOT_OPEN` of `finalize --gone`',
      `nothing was begun: ${from} is lost, and ${next} was never opened, so that rows, and the values of sequences, may be missing there`,
      `bring ${from} back. If it never comes back, somebody decides that these are lost: move the sequences on ${next} ahead by \`setval\`, let one login in there by \`GRANT CONNECT\` (where no guard keeps logins out, send clients there), and run the same again, which lets in the others`,
    ],
    [
      '`WRITES_LOST` of `finalize --gone`',
      `nothing was begun: ${next} is lost, and may have been open, so that what was written there may not have come back to ${from}, which stays fenced`,
      `restore ${next}. If it cannot be, somebody decides that this is lost: move the sequences on ${from} ahead by \`setval\`, since rows that came back have later values, run \`UPDATE pontoon.cutover SET decided_at = NULL, opened_at = NULL WHERE migration = '…'\` there, with the \`migration\` that \`${file}\` names, and then the same again, which opens ${from}`,
    ],
  ];
}

/** What only its states end with. */
function ofStateMachine(from: string, next: string): string[][] {
  return [
    [
      '`NOT_APPROVED` of the state machine',
      'nothing was begun: whoever was asked refused, or was not there in time',
      'start another execution',
    ],
    [
      '`ROWS_DIFFER` of the state machine',
      `nothing was begun: rows of ${next} are not those of ${from}`,
      `find out who wrote to ${next}, mend the rows, and start another execution`,
    ],
    [
      '`NO_PROGRESS` of the state machine',
      'nothing was begun: a table, or a range of its key, takes longer to compare than a function may run',
      'compare by `pontoon cutover --compare`, which nothing limits',
    ],
  ];
}
