#!/bin/bash
# The base backup. An unfinished one is made again, a finished one never.

copy() {
  [[ -e $MARKS/copied ]] && say 'the copy is complete' && return
  if [[ -e $MARKS/copying ]]; then
    say 'an earlier copy was interrupted; it is made again'
  elif [[ -e $DATA ]]; then
    fail "$DATA exists, but was not copied by this script; give it a blank volume"
  fi
  touch $MARKS/copying
  sync
  local attempts=0
  wait_for_primary
  until base_backup; do
    attempts=$((attempts + 1))
    wait_for_another_copy $attempts
    wait_for_primary
  done
  # Settings of the primary's machine are not ours; neither is its way to its own primary.
  mv $DATA/postgresql.auto.conf $DATA/postgresql.auto.conf.primary
  as_postgres touch $DATA/postgresql.auto.conf $DATA/standby.signal
  sync
  mv $MARKS/copying $MARKS/copied
  sync
  say 'the copy is complete'
}

wait_for_primary() {
  until "$BIN/pg_isready" -q -h "$PRIMARY_HOST" -p "$PRIMARY_PORT"; do
    pause "the primary $PRIMARY_HOST:$PRIMARY_PORT does not answer"
  done
}

# The slot stays active until the primary notices that an interrupted copy is gone. It says so in its own language, and
# in each of them with the process.
slot_is_busy() { grep -qE "$SLOT.*PID ?[0-9]|PID ?[0-9].*$SLOT" $STATE/copy.err; }

# What had not begun will hardly begin later; what was cut off may get through. Each attempt copies everything again.
wait_for_another_copy() {
  local wait=5 most=4
  if slot_is_busy; then
    pause "slot $SLOT stays active"
    return
  fi
  if [[ -d $DATA/base ]]; then
    (($(df --output=avail -B1M $MOUNT | tail -n 1) >= 64)) ||
      fail "the base backup fills volume $VOLUME_ID; raise 'dataVolumeGiB'"
    wait=15 most=6
  fi
  wait=$((wait << ($1 - 1)))
  (($1 < most && SECONDS + wait < TIMEOUT_SECONDS)) || fail "the base backup failed, attempt $1"
  say "the base backup failed, attempt $1; the next one in $wait seconds"
  sleep $wait
}

base_backup() {
  local pid status=0
  say "copying from $PRIMARY_HOST:$PRIMARY_PORT"
  rm -rf $DATA
  private_directory $DATA
  as_postgres "$BIN/pg_basebackup" -w -n -D $DATA -S "$SLOT" -X stream ${MAX_RATE:+-r "$MAX_RATE"} \
    -d "$(primary_conninfo "$PRIMARY_HOST")" 2>$STATE/copy.err &
  pid=$!
  if [[ ${SIGNAL_WHEN:-} == copy-begun ]]; then
    while kill -0 $pid 2>/dev/null && [[ ! -d $DATA/global ]]; do sleep 1; done
    [[ ! -d $DATA/global ]] || succeed 'the copy has begun'
  fi
  wait $pid || status=$?
  cat $STATE/copy.err
  return $status
}
