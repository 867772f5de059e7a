#!/bin/bash
# The base backup. An unfinished one is made again, a finished one never.

copy() {
  [[ -e $MARKS/copied ]] && say 'the copy is complete' && return
  if [[ -e $MARKS/copying ]]; then
    say 'an earlier copy was interrupted; it is made again'
  elif [[ -e $DATA ]]; then
    fail "$DATA exists, but was not copied by this script; give the standby a blank volume"
  fi
  until "$BIN/pg_isready" -q -h "$PRIMARY_HOST" -p "$PRIMARY_PORT"; do
    pause "the primary $PRIMARY_HOST:$PRIMARY_PORT does not answer"
  done
  touch $MARKS/copying
  sync
  until base_backup; do
    # The slot stays active until the primary notices that the interrupted copy is gone.
    grep -q 'is active for PID' $STATE/copy.err || fail 'the base backup failed'
    pause "slot $SLOT stays active"
  done
  # Settings of the primary's machine are not ours; neither is its way to its own primary.
  mv $DATA/postgresql.auto.conf $DATA/postgresql.auto.conf.primary
  as_postgres touch $DATA/postgresql.auto.conf $DATA/standby.signal
  sync
  mv $MARKS/copying $MARKS/copied
  sync
  say 'the copy is complete'
}

base_backup() {
  local pid status=0
  say "copying from $PRIMARY_HOST:$PRIMARY_PORT"
  rm -rf $DATA
  private_directory $DATA
  as_postgres "$BIN/pg_basebackup" -w -D $DATA -S "$SLOT" -X stream ${MAX_RATE:+-r "$MAX_RATE"} \
    -d "$(primary_conninfo)" 2>$STATE/copy.err &
  pid=$!
  if [[ $SIGNAL_WHEN == copy-begun ]]; then
    while kill -0 $pid 2>/dev/null && [[ ! -d $DATA/global ]]; do sleep 1; done
    [[ ! -d $DATA/global ]] || succeed 'the copy has begun'
  fi
  wait $pid || status=$?
  cat $STATE/copy.err
  return $status
}
