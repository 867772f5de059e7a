#!/bin/bash
# The server: the same unit and the same files on every distribution.

write_configuration() {
  cat >$ETC/postgresql.conf <<CONF
listen_addresses = '*'
unix_socket_directories = '/run/postgresql'
logging_collector = on
log_directory = '$MOUNT/log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
include_dir '$ETC/conf.d'
data_directory = '$DATA'
hba_file = '$ETC/pg_hba.conf'
ident_file = '$ETC/pg_ident.conf'
ssl = on
ssl_cert_file = '$MOUNT/tls/server.crt'
ssl_key_file = '$MOUNT/tls/server.key'
CONF
  [[ $SLOT == "" ]] || cat >>$ETC/postgresql.conf <<CONF
primary_slot_name = '$SLOT'
primary_conninfo = $(conf_quote "$(primary_conninfo "$PRIMARY_HOST")")
CONF
  private_directory $MOUNT/log
  share_files
}

# Recovery pauses or stops if one of these is lower here than it is on the primary. Run before each start of the server,
# since the primary's may be raised at any time: what it was raised to is then in the control file.
raise_settings() {
  local control setting wanted have raised=''
  control=$(as_postgres "$BIN/pg_controldata" -D $DATA) || return
  while read -r setting wanted; do
    have=$(as_postgres "$BIN/postgres" -C "$setting" -D $DATA -c config_file=$ETC/postgresql.conf) || return
    if ((have < wanted)); then
      say "$setting is raised from $have to $wanted"
      raised+=" --$setting=$wanted"
    fi
  done < <(sed -nE 's/xact/transaction/; s/^(max_[a-z_]+) setting: */\1 /p' <<<"$control")
  printf 'RAISED=%s\n' "$raised" >$ETC/raised.env
}

# Only a start with the raised settings lets a paused standby replay.
follow_settings() {
  local before
  [[ $(ask 'SELECT pg_get_wal_replay_pause_state()' 2>/dev/null) == paused ]] || return 0
  before=$(<$ETC/raised.env)
  raise_settings
  [[ $(<$ETC/raised.env) != "$before" ]] || return 0
  say 'replay is paused: the server starts anew with the raised settings'
  systemctl restart pontoon-postgres
}

write_unit() {
  cat >/etc/systemd/system/pontoon-postgres.service <<UNIT
[Unit]
Description=PostgreSQL $MAJOR
RequiresMountsFor=$MOUNT
StartLimitIntervalSec=600
StartLimitBurst=5
[Service]
User=postgres
RuntimeDirectory=postgresql
EnvironmentFile=-$ETC/raised.env
ExecStartPre=+/bin/bash /opt/pontoon/boot.sh raise
ExecStart=$BIN/postgres -D $DATA -c config_file=$ETC/postgresql.conf \$RAISED
ExecReload=/bin/kill -HUP \$MAINPID
KillMode=mixed
KillSignal=SIGINT
TimeoutStopSec=300
Restart=on-failure
RestartSec=10
UNIT
}

start_server() {
  write_configuration
  write_unit
  systemctl daemon-reload
  # Otherwise systemd, which gave up on it, would start it only minutes later.
  systemctl reset-failed pontoon-postgres 2>/dev/null || :
  systemctl reload-or-restart pontoon-postgres
  # Until then nothing else may run as its user: what has the number that a power cut left in the lock file would be taken
  # for another server, and this one would not start.
  until holds_data; do
    require_server
    pause 'PostgreSQL does not take its data'
  done
}

# Whether a server has its lock file there: servers run in their data.
holds_data() { [[ /proc/$(head -n 1 $DATA/postmaster.pid 2>/dev/null)/cwd -ef $DATA ]]; }

ask() {
  as_postgres "$BIN/psql" -XAtqw -h /run/postgresql -U "$LOCAL_ROLE" -d template1 -c "$1"
}

# A paused standby goes on receiving, and says that it streams.
streams() {
  [[ $(ask "SELECT status FROM pg_stat_wal_receiver
    WHERE pg_get_wal_replay_pause_state() <> 'paused'" 2>/dev/null) == streaming ]]
}

require_server() {
  case $(systemctl is-active pontoon-postgres || :) in
    active | activating | reloading) ;;
    *) fail 'PostgreSQL does not run' ;;
  esac
}

# A physical copy keeps the order that the primary's libraries gave to text.
check_collations() {
  local different
  if ! different=$(ask "SELECT string_agg(format('%I: %s there, %s here', datname, datcollversion,
    pg_database_collation_actual_version(oid)), ', ') FROM pg_database
    WHERE datcollversion <> pg_database_collation_actual_version(oid)"); then
    warn 'collation versions were not compared'
  elif [[ -n $different ]]; then
    warn "collation versions differ ($different): text indexes can be corrupt here"
  fi
}
