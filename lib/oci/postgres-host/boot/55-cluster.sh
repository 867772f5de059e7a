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

own_cluster() {
  as_postgres "$BIN/pg_controldata" -D $DATA | sed -nE 's/^Database system identifier: *//p'
}

# The first checkpoint of a new primary may be minutes away; until then the other line tells what it writes.
own_timeline() {
  as_postgres "$BIN/pg_controldata" -D $DATA |
    sed -nE "s/^(Latest checkpoint's TimeLineID|Min recovery ending loc's timeline): *//p" | sort -n | tail -n 1
}

# ask_peer HOST COMMAND... asks another server of the cluster as the role that streams: one line for each command.
ask_peer() {
  local host=$1
  shift
  timeout 20 runuser -u postgres -- "$BIN/psql" -XAtqw -F ' ' -v ON_ERROR_STOP=1 "${@/#/-c}" \
    "$(primary_conninfo "$host") dbname=postgres replication=true" 2>/dev/null
}

# Sets PRIMARY and NEWEST, the primary among those who answer and their newest timeline. One that is behind another
# server was replaced.
look_for_primary() {
  local peer said timeline
  PRIMARY='' NEWEST=0
  for peer in $PEERS; do
    said=$(ask_peer "$peer" IDENTIFY_SYSTEM 'SHOW in_hot_standby') || continue
    read -r _ timeline _ <<<"$said"
    ((timeline <= NEWEST)) || PRIMARY='' NEWEST=$timeline
    [[ ${said##*$'\n'} == off && $timeline == "$NEWEST" ]] || continue
    [[ $PRIMARY == '' ]] || fail "$PRIMARY and $peer both take writes on timeline $timeline; stop one of them"
    PRIMARY=$peer
  done
  [[ $PRIMARY != '' ]]
}

# A machine that is added later is told of the primary that the program names, but another server may have been promoted
# since. It makes its slot anew: one that is there was for other data, or is lost. What fails, the copy says.
find_primary() {
  [[ ! -e $MARKS/copied ]] || return 0
  until look_for_primary; do
    pause 'no server of the cluster answers that it is the primary'
  done
  ask_peer "$PRIMARY" "DROP_REPLICATION_SLOT \"$SLOT\"" >/dev/null || :
  ask_peer "$PRIMARY" "CREATE_REPLICATION_SLOT \"$SLOT\" PHYSICAL" >/dev/null || :
  [[ $PRIMARY != "$PRIMARY_HOST" ]] || return 0
  say "$PRIMARY is the primary now; it is copied instead of ${PRIMARY_HOST:-none}"
  begin_with PRIMARY_HOST "$PRIMARY"
}

# begin_with NAME VALUE begins the boot again, with what this machine was told wrongly.
begin_with() {
  sed -i "s/^$1=.*/$1=$2/" "$PARAMETERS"
  exec /bin/bash "$0"
}

# A blank volume where the first primary's was lost must not begin an empty cluster beside those who have its data.
join_cluster() {
  [[ ! -e $MARKS/copied && ! -e $MARKS/initialising ]] || return 0
  look_for_primary || ((NEWEST > 0)) || return 0
  say 'other servers have the data of the cluster; this one becomes a standby'
  begin_with SLOT "$OWN_SLOT"
}

# Fails if another server was promoted, whose timeline is later, or has other data. ANSWERED counts who could be asked,
# with this server.
compare_timelines() {
  local peer cluster theirs ours
  ours=$(own_timeline)
  [[ -n $ours ]] || fail "the timeline of $DATA cannot be read"
  ANSWERED=1
  for peer in $PEERS; do
    read -r cluster theirs _ < <(ask_peer "$peer" IDENTIFY_SYSTEM) || continue
    [[ $theirs =~ ^[0-9]+$ ]] || continue
    ANSWERED=$((ANSWERED + 1))
    [[ $cluster == "$(own_cluster)" ]] || {
      LATER="$peer is not of the same cluster, whose data is not here; give this machine a blank volume to have it copied"
      return 1
    }
    ((theirs <= ours)) || {
      LATER="$peer is on timeline $theirs, after ours, which is $ours: another server was promoted; make this one its standby"
      return 1
    }
  done
}

# A primary that was away must not take writes before most servers of the cluster have said that none was promoted
# meanwhile. Nobody can replace one that nobody has ever followed.
refuse_second_primary() {
  local servers
  [[ ! -e $DATA/standby.signal && ($SLOT != '' || -e $MARKS/followed) ]] || return 0
  servers=$(wc -w <<<"$PEERS x")
  until compare_timelines || fail "$LATER" && ((2 * ANSWERED > servers)); do
    if [[ -e $MARKS/alone ]]; then
      warn "only $ANSWERED of $servers servers answer; $MARKS/alone says that none of the others was promoted"
      return
    fi
    [[ ${WAITING:-} == "$ANSWERED" ]] ||
      say "waiting: $ANSWERED of $servers servers answer, this one among them, and most must, since another may have been promoted; if none was, touch $MARKS/alone"
    WAITING=$ANSWERED
    pause 'too few servers of the cluster answer'
  done
}

note_followers() {
  [[ ! -e $DATA/standby.signal && ! -e $MARKS/followed ]] || return 0
  [[ $(ask 'SELECT count(*) > 0 FROM pg_stat_replication') != t ]] || touch $MARKS/followed
}

# One that is fenced takes no writes: it waits to be rejoined.
stop_second_primary() {
  [[ $PEERS != '' && ! -e $DATA/standby.signal ]] || return 0
  [[ $(ask 'SELECT bool_and(datconnlimit = 0) FROM pg_database WHERE datallowconn AND datconnlimit >= -1') != t ]] ||
    return 0
  compare_timelines || {
    systemctl stop pontoon-postgres
    fail "$LATER"
  }
}

# Standbys cannot see whom their primary waits for, and a promotion must know it: it is noted in the database, once it was
# so for a minute, and taken back as soon as it is not so.
note_quorum() {
  local now noted next=''
  [[ ! -e $DATA/standby.signal ]] || return 0
  now=$(ask "SELECT CASE WHEN reset_val IN ('off', 'local') THEN ''
    ELSE current_setting('synchronous_standby_names') END FROM pg_settings WHERE name = 'synchronous_commit'") || return
  noted=$(ask "SELECT substr(setting, 21)
    FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) setting
    WHERE s.setrole = 0 AND d.datname = '${DATABASE//\'/\'\'}' AND setting LIKE 'pontoon.synchronous=%'") || return
  [[ $now != "${WAITED_FOR-}" && $now != "$noted" ]] || next=$now
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
