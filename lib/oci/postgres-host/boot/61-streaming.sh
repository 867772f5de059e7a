#!/bin/bash
# A standby is ready when it streams.

wait_until_streaming() {
  until streams; do
    follow_settings
    require_server
    # Once it streamed, an unreachable primary is an alarm's business, not the boot's.
    [[ ! -e $MARKS/streamed ]] || { say 'not streaming yet' && return; }
    pause 'the standby does not stream'
  done
  touch $MARKS/streamed
  check_collations
  say "streaming from $PRIMARY_HOST:$PRIMARY_PORT"
}
