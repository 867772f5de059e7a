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
  rm -f $MARKS/new
  say 'the cluster is initialised'
}

# Statements come by stdin and are not logged; they wait for no standby, since there may be none yet.
administer() {
  PGOPTIONS='-c synchronous_commit=local -c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic' \
    as_postgres "$BIN/psql" -XAtqw -v ON_ERROR_STOP=1 -h /run/postgresql -U "$LOCAL_ROLE" -d postgres "$@"
}

# make_role SECRET ROLE ATTRIBUTES. One pipeline, so that retry sees its failure. The server hashes the password, which
# comes to it by its own socket: only newer releases of OpenSSL could here, and show it to whoever lists processes.
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

# Standbys cannot see whom their primary waits for, and a promotion must know it: it is noted in the database, once it was
# so for a minute, and taken back as soon as it is not so, or is to change.
note_quorum() {
  local now noted next=''
  [[ ! -e $DATA/standby.signal ]] || return 0
  now=$(ask "SELECT CASE WHEN reset_val IN ('off', 'local') THEN ''
    ELSE current_setting('synchronous_standby_names') END FROM pg_settings WHERE name = 'synchronous_commit'") || return
  noted=$(ask "SELECT substr(setting, 21)
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting
    WHERE s.setrole = 0 AND d.datname = '${DATABASE//\'/\'\'}' AND setting LIKE 'pontoon.synchronous=%'") || return
  [[ -e $MARKS/unnoted || ($now != "${WAITED_FOR-}" && $now != "$noted") ]] || next=$now
  WAITED_FOR=$now
  [[ $next != "$noted" ]] || return 0
  administer -v database="$DATABASE" -v names="$next" <<'SQL'
SELECT format(CASE :'names' WHEN '' THEN 'ALTER DATABASE %I RESET pontoon.synchronous'
  ELSE 'ALTER DATABASE %I SET pontoon.synchronous = %L' END, :'database', :'names') \gexec
SQL
}

# A role that is there keeps its password while the vault is away.
provide_role() {
  if [[ $(ask "SELECT 1 FROM pg_roles WHERE rolname = '${2//\'/\'\'}'") == 1 ]] && ! secret_text "$1" >/dev/null; then
    warn "the vault does not answer; the password of role $2 stays"
    return
  fi
  retry make_role "$@"
}

serve_primary() {
  until ask 'SELECT 1' >/dev/null 2>&1; do
    require_server
    pause 'PostgreSQL does not answer'
  done
  provide_role "$STANDBY_SECRET_ID" "$STANDBY_ROLE" 'LOGIN REPLICATION'
  provide_role "$ADMINISTRATOR_SECRET_ID" "$ADMINISTRATOR" 'LOGIN SUPERUSER'
  grant_rewind
  make_slots
  make_database
  note_quorum
  # It was said of this boot, not of the next one.
  rm -f $MARKS/alone
  say 'the primary is ready'
}
