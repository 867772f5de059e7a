#!/bin/bash
# Parameters, log, and the one signal to CloudFormation. The parts are joined in the order of their
# names into one script, with the package commands of one family.
set -euo pipefail
umask 077
export LC_ALL=C

ETC=/etc/pontoon
STATE=/var/lib/pontoon
LOG=/var/log/pontoon-boot.log
PASSFILE=$ETC/passfile
# This path carries SELinux's database label on the RHEL family.
MOUNT=/var/lib/pgsql/pontoon
DATA=$MOUNT/data
MARKS=$MOUNT/.pontoon
BEGAN=/run/pontoon-boot-began

# Values are assigned, never evaluated: nothing in them can run.
while IFS= read -r line; do
  [[ $line == *=* ]] && declare -r "${line%%=*}=${line#*=}"
done <$ETC/standby.env
export AWS_DEFAULT_REGION=$REGION

say() { printf '%(%FT%TZ)T %s\n' -1 "$*"; }

fail() {
  say "failed: $*"
  exit 1
}

# Waits a moment, or fails if the time for the whole boot is used up.
pause() {
  ((SECONDS < TIMEOUT_SECONDS)) || fail "gave up after $TIMEOUT_SECONDS seconds: $1"
  sleep 2
}

retry() {
  local wait
  for wait in 5 10 20; do
    "$@" && return
    sleep $wait
  done
  "$@"
}

as_postgres() { runuser -u postgres -- "$@"; }

# The postgres user reads what is in there, but changes nothing that root will act on.
share_files() {
  chown -R root:postgres $ETC
  chmod -R u=rwX,g=rX,o= $ETC
  chmod 600 $ETC/standby.env $PASSFILE
  chown postgres: $PASSFILE
}

private_directory() { install -d -m 700 -o postgres -g postgres "$1"; }

# Blanks the primary's password, as the passfile spells it and as it is.
scrub() {
  local text entry='' plain
  text=$(cat)
  [[ ! -r $PASSFILE ]] || entry=$(tail -n 1 $PASSFILE)
  entry=${entry:8}
  if [[ -n $entry ]]; then
    # shellcheck disable=SC2162
    IFS= read plain <<<"$entry"
    text=${text//"$entry"/***}
    text=${text//"$plain"/***}
  fi
  printf '%s' "$text"
}

log_tail() {
  local server=''
  [[ ! -d $MOUNT/log ]] || server=$(find $MOUNT/log -name '*.log' -mmin -30 | sort | tail -n 1)
  {
    [[ -z $server ]] || tail -c 1200 "$server"
    tail -c 1700 $LOG
  } | scrub
}

# The mark differs by URL: a stack made again with the same volume must be told again.
MARK=signalled-$(sha256sum <<<"$SIGNAL_URL" | cut -c 1-16)

signalled() { [[ -e $STATE/$MARK || -e $MARKS/$MARK ]]; }

# A JSON string of what comes on stdin. Not by jq: what failed may be the installation of jq.
json_string() {
  local text
  # What was cut inside of a character is no UTF-8; some versions say so by their status.
  text=$(iconv -c -f UTF-8 -t UTF-8 2>/dev/null || :)
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# signal SUCCESS|FAILURE: the reason on stdin. The URL is a credential, so it is no argument of curl.
signal() {
  local data=none reason
  [[ ! -s $MOUNT/tls/server.crt ]] || data=$(tr '\n' '|' <$MOUNT/tls/server.crt)
  reason=$(tail -c 3000 | json_string)
  printf '{"Status":"%s","UniqueId":"standby","Reason":%s,"Data":"%s"}' "$1" "$reason" "$data" |
    curl -sS --fail --retry 5 --max-time 60 -X PUT -H 'Content-Type:' --data-binary @- \
      -o /dev/null --config <(printf 'url = "%s"\n' "$SIGNAL_URL") || return
  touch "$STATE/$MARK"
  [[ $1 == FAILURE ]] || touch "$MARKS/$MARK"
  say "told CloudFormation: $1"
}

succeed() {
  if signalled; then
    say "$1"
    return
  fi
  { printf '%s' "$1" && [[ ! -s $STATE/warnings ]] || printf '; %s' "$(cat $STATE/warnings)"; } |
    signal SUCCESS
}

warn() {
  say "warning: $*"
  printf 'warning: %s\n' "$*" >>$STATE/warnings
}

# The time runs on while systemd starts the boot again after a failure, and anew after a reboot.
begin_time() {
  local now
  read -r now _ </proc/uptime
  [[ -e $BEGAN ]] || printf '%s\n' "${now%.*}" >$BEGAN
  SECONDS=$((${now%.*} - $(<$BEGAN)))
}

# What the unit takes for the end of all attempts.
GAVE_UP=78

finish() {
  local status=$?
  trap - EXIT
  if ((status == 0)); then
    rm -f $BEGAN
    exit 0
  fi
  say "boot ended with status $status"
  [[ -n ${STREAMS:-} ]] || signalled || log_tail | signal FAILURE || say 'CloudFormation could not be told'
  # A standby that once streamed is needed for as long as it is there.
  if ((SECONDS >= TIMEOUT_SECONDS)) && [[ ! -e $MARKS/streamed ]]; then
    say 'the time is used up: no further attempt before a reboot or a start by hand'
    rm -f $BEGAN
    exit $GAVE_UP
  fi
  exit "$status"
}
