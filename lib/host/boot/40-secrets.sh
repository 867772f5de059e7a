#!/bin/bash
# The password of replication, straight from the cloud's vault (cloud_login) into a file of the postgres user: it is
# never in an argument, the environment or the log.

# One pipeline, so that retry sees its failure: a role that was just made is not known everywhere yet.
read_secret() {
  cloud_login |
    jq -r 'if ([.username, .password] | all(type == "string" and length > 0)) | not
        then error("the secret lacks a username or a password")
      elif .username + .password | test("[\r\n]")
        then error("the username or the password contains a line break")
      else "# \(.username)\n*:*:*:*:\(.password | gsub("(?<c>[\\\\:])"; "\\\(.c)"))" end' \
      >$PASSFILE.new
}

fetch_secret() {
  retry read_secret
  mv $PASSFILE.new $PASSFILE
  share_files
  PRIMARY_USER=$(sed -n '1s/^# //p' $PASSFILE)
}

conninfo_quote() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\\\'}"
}

conf_quote() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\'\'}"
}

# primary_conninfo HOST: of the primary, or of another server of its cluster.
primary_conninfo() {
  printf 'host=%s port=%s user=%s passfile=%s sslmode=%s sslrootcert=%s application_name=%s connect_timeout=10' \
    "$(conninfo_quote "$1")" "$PRIMARY_PORT" "$(conninfo_quote "$PRIMARY_USER")" \
    $PASSFILE "$PRIMARY_SSLMODE" $ETC/primary-ca.pem "${APPLICATION_NAME:-$SLOT}"
}
