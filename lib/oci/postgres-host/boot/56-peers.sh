#!/bin/bash
# What the other servers of the cluster say: whether one of them was promoted, and whether there is a cluster at all.

control() { as_postgres "$BIN/pg_controldata" -D $DATA; }

own_cluster() { control | sed -nE 's/^Database system identifier: *//p'; }

# The first checkpoint of a new primary may be minutes away; until then the other line tells what it writes.
own_timeline() {
  control | sed -nE "s/^(Latest checkpoint's TimeLineID|Min recovery ending loc's timeline): *//p" | sort -n | tail -n 1
}

# ask_peer HOST COMMAND... asks another server of the cluster as the role that streams: one line for each command.
ask_peer() {
  local host=$1
  shift
  timeout 20 runuser -u postgres -- "$BIN/psql" -XAtqw -F ' ' -v ON_ERROR_STOP=1 "${@/#/-c}" \
    "$(primary_conninfo "$host") dbname=postgres replication=true" 2>/dev/null
}

# Asks all at once: lines of address, cluster, timeline, position, and on or off for a standby or none.
ask_peers() {
  local peer
  for peer in $PEERS; do
    printf '%s %s\n' "$peer" "$(ask_peer "$peer" IDENTIFY_SYSTEM 'SHOW in_hot_standby' | tr '\n' ' ')" &
  done
  wait
}

# Sets PRIMARY and NEWEST, the primary among those who answer and their newest timeline. One that is behind another
# server was replaced.
look_for_primary() {
  local peer timeline rest
  PRIMARY='' NEWEST=0
  while read -r peer _ timeline rest; do
    [[ $timeline =~ ^[0-9]+$ ]] || continue
    ((timeline <= NEWEST)) || PRIMARY='' NEWEST=$timeline
    [[ " $rest" == *' off' && $timeline == "$NEWEST" ]] || continue
    [[ $PRIMARY == '' ]] || fail "$PRIMARY and $peer both take writes on timeline $timeline; stop one of them"
    PRIMARY=$peer
  done < <(ask_peers)
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

# A connection that needs no login.
knock() { timeout 5 bash -c ": <>/dev/tcp/$1/$PRIMARY_PORT" 2>&1; }

# Something of the log that was kept, if any was.
kept_log() { [[ ! -e /opt/pontoon/archive.sh ]] || /bin/bash /opt/pontoon/archive.sh any; }

# Why the cluster may have data elsewhere; nothing if its other machines run without PostgreSQL, and its archive is empty.
doubt_new() {
  local peer said
  for peer in $PEERS; do
    if said=$(knock "$peer"); then
      printf '%s has a server that does not let this one in' "$peer"
      return
    elif [[ $said != *'Connection refused'* ]]; then
      printf '%s cannot be reached' "$peer"
      return
    fi
  done
  if ! said=$(kept_log); then
    printf 'the archive cannot be read'
  elif [[ $said != '' ]]; then
    printf 'the archive has log of it: %s' "$said"
  fi
}

# A blank volume where the first primary's was lost must not begin an empty cluster beside those who have its data.
join_cluster() {
  local doubt told=''
  [[ ! -e $MARKS/copied && ! -e $MARKS/initialising ]] || return 0
  until look_for_primary || ((NEWEST > 0)); do
    doubt=$(doubt_new)
    [[ $doubt != '' && ! -e $MARKS/new ]] || return 0
    [[ $doubt == "$told" ]] ||
      say "waiting: the cluster may have data, since $doubt; if it is new, or all of its data is lost, touch $MARKS/new"
    told=$doubt
    pause "it is not known whether the cluster has data: $doubt"
  done
  say 'other servers have the data of the cluster; this one becomes a standby'
  begin_with SLOT "$OWN_SLOT"
}

# Sets LATER, why this server was replaced; BESIDE, who takes writes on our timeline; STRANGERS, who have other data; and
# MISSING, who did not answer, and those.
compare_timelines() {
  local peer cluster theirs rest ours own answered=' '
  ours=$(own_timeline) own=$(own_cluster)
  [[ -n $ours ]] || fail "the timeline of $DATA cannot be read"
  LATER='' BESIDE='' STRANGERS='' MISSING=''
  while read -r peer cluster theirs rest; do
    [[ $theirs =~ ^[0-9]+$ ]] || continue
    if [[ $cluster != "$own" ]]; then
      STRANGERS+=" $peer"
      continue
    fi
    answered+="$peer "
    if ((theirs > ours)); then
      LATER="$peer is on timeline $theirs, after ours, which is $ours: another server was promoted; make this one its standby"
    elif ((theirs == ours)) && [[ " $rest" == *' off' ]]; then
      BESIDE=$peer
    fi
  done < <(ask_peers)
  for peer in $PEERS; do
    [[ $answered == *" $peer "* ]] || MISSING+=" $peer"
  done
}

# REFUSED, why this server must not take writes beside another one.
look_for_refusal() {
  compare_timelines
  REFUSED=$LATER
  [[ $LATER != '' || $BESIDE == '' ]] ||
    REFUSED="$BESIDE takes writes on this server's timeline: two were promoted; keep one, and make the other its standby"
}

# One that is fenced lets no clients in: it waits for a promotion to end, or to be rejoined.
fenced() {
  [[ $(ask 'SELECT bool_and(datconnlimit = 0) FROM pg_database WHERE datallowconn AND datconnlimit >= -1') == t ]]
}

runs() { [[ $(systemctl is-active pontoon-postgres) == @(active|activating|reloading) ]]; }

# A boot may begin again while PostgreSQL runs, and another server be promoted while it waits for one that is missing.
# Beside another one on the same timeline, the one that runs may be the right one: people decide, and are told.
stop_refused() {
  look_for_refusal
  [[ $REFUSED != '' ]] || return 0
  if runs; then
    [[ $LATER != '' ]] || return 0
    systemctl stop pontoon-postgres
  fi
  fail "$REFUSED"
}

# Data that was copied or rewound is no primary's: without its mark the server would take writes.
require_whole() {
  [[ ! -e $MARKS/rejoining ]] || fail 'the script that makes this server a standby did not end; run that of --fresh-copy'
  [[ ! -e $DATA/standby.signal && ! -e $DATA/recovery.signal ]] || return 0
  [[ ! -e $DATA/backup_label && $(control) != *'in archive recovery'* ]] ||
    fail "$DATA was copied or rewound from another server, and is not marked as a standby's; make this one its standby"
}

# Nobody can replace a primary that nobody has ever followed.
may_be_replaced() { [[ ! -e $DATA/standby.signal && ($SLOT != '' || -e $MARKS/followed) ]]; }

# A primary that was away must not take writes before every other server has said that none was promoted meanwhile: a
# promotion asks no majority, so that none is enough here.
refuse_second_primary() {
  local told=''
  require_whole
  may_be_replaced || return 0
  while stop_refused && [[ $MISSING != '' ]]; do
    if [[ -e $MARKS/alone ]]; then
      warn "no answer of this cluster from$MISSING; $MARKS/alone says that none of them was promoted"
      return
    fi
    [[ $told == "$MISSING" ]] ||
      say "waiting: no answer from$MISSING${STRANGERS:+, or with the data of another cluster, as from$STRANGERS}; each of them may have been promoted; if none was, touch $MARKS/alone"
    told=$MISSING
    pause "no answer from$MISSING"
  done
}

# Asked before each start of PostgreSQL, which systemd starts again by itself: who does not answer does not hinder it.
refuse_start() {
  require_whole
  may_be_replaced || return 0
  PRIMARY_USER=$(sed -n '1s/^# //p' $PASSFILE)
  look_for_refusal
  [[ $REFUSED == '' ]] || fail "$REFUSED"
}

note_followers() {
  [[ ! -e $DATA/standby.signal && ! -e $MARKS/followed ]] || return 0
  [[ $(ask 'SELECT count(*) > 0 FROM pg_stat_replication') != t ]] || touch $MARKS/followed
}

# Who has other data is no reason to stop. One that is fenced is stopped as well, since clients that try one host after
# the other end at its refusal; but only a minute later, as a promotion looks at last at what it has.
stop_second_primary() {
  LATER='' BESIDE='' STRANGERS=''
  [[ $PEERS != '' && ! -e $DATA/standby.signal ]] || return 0
  compare_timelines
  if fenced; then
    BESIDE='' STRANGERS=''
    [[ ${REPLACED-} != '' ]] || {
      REPLACED=$LATER
      return
    }
  fi
  [[ $LATER == '' ]] || {
    systemctl stop pontoon-postgres
    fail "$LATER"
  }
  [[ $BESIDE$STRANGERS == "${TOLD-}" ]] || {
    [[ $BESIDE == '' ]] || warn "$BESIDE takes writes on this server's timeline too: keep one, and make the other its standby"
    [[ $STRANGERS == '' ]] || warn "in place of a server of this cluster there is other data:$STRANGERS; take it away"
  }
  TOLD=$BESIDE$STRANGERS
}
