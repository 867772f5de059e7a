#!/bin/bash
# `packages` only installs, for those who make an image of their own; `raise` is for the server's unit; without an
# argument, all of it. What the data is decides what the server is: a standby that was promoted stays a primary.

mkdir -p $STATE
if [[ ${1:-} == packages ]]; then
  packages
  exit 0
fi
touch $LOG
chmod 600 $LOG
exec >>$LOG 2>&1
if [[ ${1:-} == raise ]]; then
  find_server || fail "PostgreSQL $MAJOR is not installed"
  refuse_start
  raise_settings
  exit 0
fi
begin_time
trap finish EXIT
trap 'trap - EXIT; exit 143' TERM
say 'boot begins'
packages
open_firewall
attach_volume
fetch_secrets
if [[ $SLOT == '' ]]; then
  join_cluster
  initialise
else
  find_primary
  copy
fi
refuse_second_primary
start_server
if [[ -e $DATA/standby.signal ]]; then wait_until_streaming; else serve_primary; fi
say 'boot ends'
rm -f $BEGAN
while sleep 60; do
  # After a few starts systemd gives up; the boot makes what they may lack, as room on a volume that grew, and asks the
  # others first. Who stopped the server by hand is left alone.
  [[ $(systemctl is-active pontoon-postgres) != failed ]] || fail 'PostgreSQL does not run, and is not started any more'
  note_followers
  note_quorum || say 'whom commits wait for could not be noted'
  stop_second_primary
  follow_settings || say 'the settings could not be followed'
  [[ $METRICS_COMPARTMENT_ID == '' ]] || post_metrics || say 'nothing could be measured'
done
