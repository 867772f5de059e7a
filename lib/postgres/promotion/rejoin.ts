import { PontoonError } from '../errors';
import { holdsPassword, parseConninfo, renderConninfo } from './conninfo';

/** How an old primary becomes a standby again. */
export enum RejoinMode {
  /** `pg_rewind` takes back what it wrote after the new timeline began, and copies only what differs. */
  REWIND = 'rewind',
  /** `pg_basebackup` copies everything anew beside the old data, which is kept. */
  COPY = 'copy',
}

/** What a host needs to know to rejoin its server. */
export interface RejoinParameters {
  /** The server's name in the topology. */
  readonly server: string;
  readonly mode: RejoinMode;
  /** The directory with `postgres`, `pg_controldata`, `pg_rewind` and `pg_basebackup`. */
  readonly binDirectory: string;
  readonly dataDirectory: string;
  readonly configFile: string;
  /** How it streams from the new primary: with a password file, never with a password. */
  readonly conninfo: string;
  /** The slot that is kept for it there. */
  readonly slot: string;
  /** The new primary, and the timeline that it writes. */
  readonly primary: string;
  readonly timeline: number;
  /** The database in which the role of `conninfo` may read the new primary's files. */
  readonly database: string;
}

/**
 * The script that makes the server of a host a standby of the new primary; to be run there by root, or by the owner of
 * the data directory. `STOP` and `START` replace the commands by which the service is stopped and started, and `GIVE_UP`
 * names a later timeline than the new primary's that may be thrown away.
 *
 * @throws PontoonError with code PASSWORD_IN_CONNINFO, since others may read scripts.
 */
export function renderRejoin(parameters: RejoinParameters): string {
  const { server, mode, conninfo, database, primary, timeline } = parameters;
  if (holdsPassword(conninfo)) {
    throw new PontoonError(
      'PASSWORD_IN_CONNINFO',
      `'primary_conninfo' must name a password file to rejoin '${server}', got a password; put it into a file that only PostgreSQL may read, and set 'passfile'`,
    );
  }
  const given = parseConninfo(conninfo, server);
  const source = renderConninfo(new Map([...given, ['dbname', database]]));
  return [
    '#!/usr/bin/env bash',
    `# Makes '${server.replaceAll(/[\r\n]/g, ' ')}' a standby of the new primary.`,
    'set -euo pipefail',
    'export LC_ALL=C',
    `BIN=${quote(parameters.binDirectory)}`,
    `DATA=${quote(parameters.dataDirectory)}`,
    `CONNINFO=${quote(conninfo)}`,
    `PASSFILE=${quote(given.get('passfile') ?? '')}`,
    `SLOT=${quote(parameters.slot)}`,
    `SERVER=${quote(server)}`,
    `PRIMARY=${quote(primary)}`,
    `TIMELINE=${timeline}`,
    `STOP=\${STOP:-systemctl stop ${BOOT} ${SERVICE}}`,
    `START=\${START:-systemctl start ${SERVICE} ${BOOT}}`,
    GUARD,
    ...(mode === RejoinMode.REWIND
      ? [
          `CONFIG=${quote(parameters.configFile)}`,
          `SOURCE=${quote(source)}`,
          REWIND_GUARD,
          STOPPED,
          REWIND,
        ]
      : [COPY_GUARD, STOPPED, COPY]),
    FOLLOW,
  ].join('\n');
}

/** What a host of ours calls PostgreSQL, whatever its major. */
const SERVICE = 'pontoon-postgres';

/** What starts it there, also again after a failure: data that is not yet marked as a standby's would take writes. */
const BOOT = 'pontoon-boot';

const GUARD = `
# A copy that was killed as it changed places.
[ -e "$DATA" ] || mv "$DATA.before" "$DATA"
MARKS=$(dirname "$DATA")/.pontoon
OWNER=$(stat -c %U "$DATA")
# Programs of ours would look for certificates in the home of root, which the owner may not read.
as_owner() {
  if [ "$(id -u)" = 0 ] && [ "$OWNER" != root ]; then HOME=$DATA setpriv --reuid="$OWNER" --regid="$(stat -c %g "$DATA")" --clear-groups "$@"; else "$@"; fi
}
fail() {
  echo "rejoin: $1" >&2
  exit 1
}
control() { as_owner "$BIN/pg_controldata" "$DATA"; }
cd /
if [ -n "$PASSFILE" ]; then
  as_owner test -r "$PASSFILE" || fail "'$PASSFILE' must be readable for '$OWNER', got none; write host:port:database:user:password into it"
fi
# No server keeps its log for itself, and no copy brings slots along.
[ ! -e "$DATA/pg_replslot/$SLOT" ] || fail "'$DATA' must be the data of '$SERVER', got that of a server which keeps its log for it, such as the new primary '$PRIMARY'; run this on the host of '$SERVER'"
# The newest timeline of the data, of a primary from before its first checkpoint on; 0 for what cannot be read.
OWN=0
if CONTROL=$(control); then
  OWN=$(sed -nE "s/^(Latest checkpoint's TimeLineID|Min recovery ending loc's timeline): *//p" <<<"$CONTROL" | sort -n | tail -n 1)
fi
WHOSE="a primary's data of timeline $OWN: it was promoted since; rejoin"
[ ! -e "$DATA/standby.signal" ] || WHOSE="a standby's data of timeline $OWN: another server was promoted since; start that one, or promote this one, and rejoin"
if [ "$OWN" -gt "$TIMELINE" ] && [ "\${GIVE_UP-}" != "$OWN" ]; then
  fail "'$DATA' must not be of a later timeline than the new primary '$PRIMARY' writes, which is $TIMELINE, got $WHOSE '$PRIMARY' instead, or, if all that was written on timeline $OWN may go, run this with GIVE_UP=$OWN"
fi`;

const STOPPED = `
$STOP
if [ -e "$DATA/postmaster.pid" ] && kill -0 "$(head -n 1 "$DATA/postmaster.pid")" 2>/dev/null; then
  fail "the server in '$DATA' must be stopped, got a running one; stop it, and run this again"
fi
say_stopped() {
  [ "$?" = 0 ] || echo "rejoin: '$SERVER' is stopped now, and does not follow '$PRIMARY' yet; $OTHERWISE" >&2
}
trap say_stopped EXIT
# From here on a host of ours that boots meanwhile starts nothing.
begin() {
  [ ! -w "$MARKS" ] || touch "$MARKS/rejoining"
  sync
}`;

const REWIND_GUARD = `OTHERWISE='where this cannot help, copy afresh, by --fresh-copy'
[ -x "$BIN/pg_rewind" ] || fail "'$BIN/pg_rewind' must be there, got none; install it, or copy afresh, by --fresh-copy"
if [ -e "$MARKS/rejoining" ] || [ -e "$DATA/backup_label" ]; then
  fail "'$DATA' must be a server's data, got what an earlier attempt left half done; copy afresh, by --fresh-copy"
fi
# Two that were promoted beside each other write one timeline, which pg_rewind takes for the same.
if [ ! -e "$DATA/standby.signal" ] && [ "$OWN" = "$TIMELINE" ]; then
  fail "'$DATA' must end on an earlier timeline than the new primary '$PRIMARY' writes, got a primary's data on the same one; copy afresh, by --fresh-copy"
fi`;

const REWIND = `
# pg_rewind wants a server that was shut down; a primary that was killed first replays its own log.
case $(control | sed -n 's/^Database cluster state: *//p') in
  'shut down' | 'shut down in recovery') ;;
  *)
    [ ! -e "$DATA/standby.signal" ] || fail "'$DATA' must be of a server that was shut down, got a standby that was killed; start it, and run this again"
    as_owner "$BIN/postgres" --single -D "$DATA" -c config_file="$CONFIG" -c synchronous_standby_names= template1 </dev/null >/dev/null
    ;;
esac
rewind() { as_owner "$BIN/pg_rewind" "$@" --no-ensure-shutdown --target-pgdata="$DATA" --source-server="$SOURCE"; }
# What it refuses it says before it changes anything.
SAID=$(rewind --dry-run 2>&1) || {
  echo "$SAID" >&2
  exit 1
}
begin
rewind`;

const COPY_GUARD = `OTHERWISE='mend what is said above, and run this again'
[ -x "$BIN/pg_basebackup" ] || fail "'$BIN/pg_basebackup' must be there, got none; install it"
[ ! -e "$DATA.before" ] || fail "'$DATA.before' must not be there, got what an earlier copy left; look at it, and remove it"`;

const COPY = `
rm -rf "$DATA.new"
mkdir -m 700 "$DATA.new"
chown --reference="$DATA" "$DATA.new"
as_owner "$BIN/pg_basebackup" --pgdata="$DATA.new" --dbname="$CONNINFO" --slot="$SLOT" --wal-method=stream --checkpoint=fast
as_owner touch "$DATA.new/standby.signal"
begin
mv "$DATA" "$DATA.before"
mv "$DATA.new" "$DATA"`;

const FOLLOW = `
# What was copied says whom the new primary followed; the last line counts.
conf_quote() {
  local value=\${1//\\\\/\\\\\\\\}
  printf "'%s'" "\${value//\\'/\\'\\'}"
}
as_owner tee -a "$DATA/postgresql.auto.conf" >/dev/null <<SETTINGS
primary_conninfo = $(conf_quote "$CONNINFO")
primary_slot_name = $(conf_quote "$SLOT")
SETTINGS
as_owner touch "$DATA/standby.signal"
sync
rm -f "$MARKS/rejoining"
$START
`;

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
