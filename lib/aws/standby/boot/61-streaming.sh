#!/bin/bash
# When the standby is ready.

wait_until_streaming() {
  if [[ ! -e $DATA/standby.signal ]]; then
    say 'this server was promoted; there is nothing to stream'
    return
  fi
  # Why it refuses is in its own log, whose tail is sent when the time is up.
  until streams; do
    follow_settings
    require_server
    # Once it streamed, an unreachable primary is an alarm's business, not the boot's.
    if [[ -e $MARKS/streamed ]] && signalled; then
      say 'not streaming yet'
      return
    fi
    pause 'the standby does not stream'
  done
  touch $MARKS/streamed
  check_collations
  # Whoever cannot be told that it streams is not told that it failed.
  STREAMS=yes
  retry succeed "streaming from $PRIMARY_HOST:$PRIMARY_PORT"
}
