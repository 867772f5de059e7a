#!/bin/bash
# The first data of a cluster, and what a primary needs whenever it boots: roles, a database, a slot for each other server.

# What was begun and not finished is made again, what was finished never.
initialise() {
  [[ -e $MARKS/copied ]] && say 'the data is there' && return
  if [[ -e $MARKS/initialising ]]; then
    say 'an earlier initialisation was interrupted; it is made again'
    rm -rf $DATA
  elif [[ -e $DATA ]]; then
    fail "$DATA exists, but was not made by this script; give it a blank volume"
  fi
  touch $MARKS/initialising
  sync
  private_directory $DATA
  # With checksums, what the disk broke is noticed.
  as_postgres "$BIN/initdb" -D $DATA -U "$LOCAL_ROLE" -E UTF8 --locale="$LOCALE" --data-checksums \
    --auth=reject --no-instructions >/dev/null
  sync
  mv $MARKS/initialising $MARKS/copied
  say 'the cluster is initialised'
}

# Statements come by stdin and are not logged; they wait for no standby, since there may be none yet.
administer() {
  PGOPTIONS='-c synchronous_commit=local -c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic' \
    as_postgres "$BIN/psql" -XAtqw -v ON_ERROR_STOP=1 -h /run/postgresql -U "$LOCAL_ROLE" -d postgres "$@"
}

# make_role SECRET ROLE ATTRIBUTES. One pipeline, so that retry sees its failure.
make_role() {
  secret_text "$1" | jq -r --arg role "$2" --arg attributes "$3" --arg quote "'" '
    def literal: $quote + gsub($quote; $quote + $quote) + $quote;
    def name: "\"" + gsub("\""; "\"\"") + "\"";
    if .username != $role then error("the username in the secret must be \($role), which access rules name")
    elif (.password | type != "string" or length == 0) then error("the secret lacks a password")
    else "SELECT format(\("CREATE ROLE %I" | literal), \($role | literal))
        WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = \($role | literal)) \\gexec
      ALTER ROLE \($role | name) \($attributes) PASSWORD \(.password | literal);" end' | administer
}

# A slot that nobody has read from holds nothing back. One of a server that is gone is dropped by its operator.
make_slots() {
  local slot
  for slot in $SLOTS; do
    administer -v slot="$slot" >/dev/null <<'SQL'
SELECT pg_create_physical_replication_slot(:'slot')
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = :'slot');
SQL
  done
}

make_database() {
  administer -v database="$DATABASE" <<'SQL'
SELECT format('CREATE DATABASE %I', :'database')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SQL
}

# pg_rewind reads the files of the server that was promoted, as the role that streams.
grant_rewind() {
  administer -v role="$STANDBY_ROLE" <<'SQL'
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
  pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO :"role";
SQL
}

# A primary that was away while another server was promoted must not take writes: the later timeline is the right one.
refuse_second_primary() {
  local peer theirs ours
  [[ ! -e $DATA/standby.signal ]] || return 0
  ours=$(as_postgres "$BIN/pg_controldata" -D $DATA | sed -n 's/^Latest checkpoint.s TimeLineID: *//p')
  for peer in $PEERS; do
    theirs=$(as_postgres "$BIN/psql" -XAtqw -F ' ' -c 'IDENTIFY_SYSTEM' \
      "$(primary_conninfo "$peer") dbname=postgres replication=true" 2>/dev/null | cut -d ' ' -f 2) || :
    ((${theirs:-0} <= ours)) ||
      fail "$peer is on timeline $theirs, after ours, which is $ours: another server was promoted; make this one its standby"
  done
}

serve_primary() {
  until ask 'SELECT 1' >/dev/null 2>&1; do
    require_server
    pause 'PostgreSQL does not answer'
  done
  retry make_role "$STANDBY_SECRET_ID" "$STANDBY_ROLE" 'LOGIN REPLICATION'
  retry make_role "$ADMINISTRATOR_SECRET_ID" "$ADMINISTRATOR" 'LOGIN SUPERUSER'
  grant_rewind
  make_slots
  make_database
  say 'the primary is ready'
}
