#!/bin/bash
# Parameters, log and time. The parts are joined in the order of their names into one script, with those of one cloud
# and the package commands of one family; PARAMETERS is set at its beginning.
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
done <"$PARAMETERS"

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
  chmod 600 "$PARAMETERS" $PASSFILE
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
