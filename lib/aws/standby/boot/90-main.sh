#!/bin/bash
# `packages` only installs, for those who make an image of their own; `raise` is for the server's unit; without an
# argument, all of it.

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
  raise_settings
  exit 0
fi
begin_time
trap finish EXIT
trap 'trap - EXIT; exit 143' TERM
rm -f $STATE/warnings
say 'boot begins'
packages
attach_volume
attach_interface
fetch_secret
make_certificate
copy
start_server
wait_until_streaming
say 'boot ends'
rm -f $BEGAN
while sleep 15; do
  follow_settings || say 'the settings could not be followed'
done
