#!/bin/bash
# `packages` only installs, for those who make an image of their own; without an argument, all of it.

mkdir -p $STATE
if [[ ${1:-} == packages ]]; then
  packages
  exit 0
fi
touch $LOG
chmod 600 $LOG
exec >>$LOG 2>&1
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
