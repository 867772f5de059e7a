#!/bin/bash
# archive.sh put PATH NAME keeps a segment of the log in Object Storage, get NAME PATH brings it back, and any tells
# whether one was kept.
# PostgreSQL asks again until it is told of success, and must never be told so of what is not there.
set -euo pipefail
export LC_ALL=C OCI_CLI_AUTH=instance_principal

while IFS= read -r line; do
  [[ $line == *=* ]] && declare -r "${line%%=*}=${line#*=}"
done <"$PARAMETERS"
export OCI_CLI_REGION=$REGION

# An attempt that hangs would not count as a failure, which alarms look at.
object() {
  timeout 120 oci os object "$1" --namespace "$NAMESPACE" --bucket-name "$BUCKET" --name "$PREFIX/$2" "${@:3}"
}

# What is there already is left as it is, and is a success only if it is the same: it was kept before a crash.
put() {
  local there here
  object put "$2" --file "$1" --no-multipart --no-overwrite >/dev/null
  there=$(object head "$2" | jq -r '."content-md5"')
  here=$(openssl dgst -md5 -binary "$1" | base64)
  [[ $there == "$here" ]] || {
    echo "$PREFIX/$2 in bucket $BUCKET is not the segment of this server: does another cluster archive there?" >&2
    exit 1
  }
}

# In one step: half a segment must never be taken for a whole one. Soon: a server that waits for a region which is lost
# can neither follow another one nor be promoted.
get() {
  timeout 15 oci os object get --namespace "$NAMESPACE" --bucket-name "$BUCKET" --name "$PREFIX/$1" --file "$2.part" \
    --connection-timeout 3 --read-timeout 10 --no-retry >/dev/null || exit 1
  mv "$2.part" "$2"
}

# Names something that was kept, if anything was.
any() {
  oci os object list --namespace "$NAMESPACE" --bucket-name "$BUCKET" --prefix "$PREFIX/" --limit 1 |
    jq -r '.data[0].name // empty'
}

case $1 in
  any) any ;;
  put) put "$2" "$3" ;;
  get) get "$2" "$3" ;;
  *) echo "archive.sh must be told put, get or any, got $1" >&2; exit 2 ;;
esac
