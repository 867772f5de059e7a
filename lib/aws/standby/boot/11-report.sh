#!/bin/bash
# The one signal to CloudFormation.

export AWS_DEFAULT_REGION=$REGION

log_tail() {
  local server=''
  [[ ! -d $MOUNT/log ]] || server=$(find $MOUNT/log -name '*.log' -mmin -30 | sort | tail -n 1)
  {
    [[ -z $server ]] || tail -c 1200 "$server"
    tail -c 1700 $LOG
  } | scrub
}

# The mark differs by URL: a stack made again with the same volume must be told again.
MARK=signalled-$(sha256sum <<<"$SIGNAL_URL" | cut -c 1-16)

signalled() { [[ -e $STATE/$MARK || -e $MARKS/$MARK ]]; }

# A JSON string of what comes on stdin. Not by jq: what failed may be the installation of jq.
json_string() {
  local text
  # What was cut inside of a character is no UTF-8; some versions say so by their status.
  text=$(iconv -c -f UTF-8 -t UTF-8 2>/dev/null || :)
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  text=${text//$'\n'/\\n}
  printf '"%s"' "${text//[[:cntrl:]]/ }"
}

# signal SUCCESS|FAILURE: the reason on stdin. The URL is a credential, so it is no argument of curl.
signal() {
  local data=none reason
  [[ ! -s $MOUNT/tls/server.crt ]] || data=$(tr '\n' '|' <$MOUNT/tls/server.crt)
  reason=$(tail -c 3000 | json_string)
  printf '{"Status":"%s","UniqueId":"standby","Reason":%s,"Data":"%s"}' "$1" "$reason" "$data" |
    curl -sS --fail --retry 5 --max-time 60 -X PUT -H 'Content-Type:' --data-binary @- \
      -o /dev/null --config <(printf 'url = "%s"\n' "$SIGNAL_URL") || return
  touch "$STATE/$MARK"
  [[ $1 == FAILURE ]] || touch "$MARKS/$MARK"
  say "told CloudFormation: $1"
}

succeed() {
  if signalled; then
    say "$1"
    return
  fi
  { printf '%s' "$1" && [[ ! -s $STATE/warnings ]] || printf '; %s' "$(cat $STATE/warnings)"; } |
    signal SUCCESS
}

# What the unit takes for the end of all attempts.
GAVE_UP=78

finish() {
  local status=$?
  trap - EXIT
  if ((status == 0)); then
    rm -f $BEGAN
    exit 0
  fi
  say "boot ended with status $status"
  [[ -n ${STREAMS:-} ]] || signalled || log_tail | signal FAILURE || say 'CloudFormation could not be told'
  # A standby that once streamed is needed for as long as it is there.
  if ((SECONDS >= TIMEOUT_SECONDS)) && [[ ! -e $MARKS/streamed ]]; then
    say 'the time is used up: no further attempt before a reboot or a start by hand'
    rm -f $BEGAN
    exit $GAVE_UP
  fi
  exit "$status"
}
