#!/bin/bash
# The primary's password, straight from Secrets Manager into a file of the postgres user: it is
# never in an argument, the environment or the log. And the standby's own key, made once.

# One pipeline, so that retry sees its failure: a role that was just made is not known everywhere yet.
read_secret() {
  aws secretsmanager get-secret-value --secret-id "$SECRET_ARN" --query SecretString --output text |
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

make_certificate() {
  # Clients check the address, so that another one needs another certificate.
  [[ -s $MOUNT/tls/server.crt ]] &&
    openssl x509 -in $MOUNT/tls/server.crt -noout -checkip "$ADDRESS" | grep -q 'does match' && return
  private_directory $MOUNT/tls
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 -days 3650 \
    -subj "/CN=$ADDRESS" -addext "subjectAltName=IP:$ADDRESS" \
    -keyout $MOUNT/tls/server.key -out $MOUNT/tls/server.new 2>/dev/null
  chown postgres: $MOUNT/tls/*
  mv $MOUNT/tls/server.new $MOUNT/tls/server.crt
}

conninfo_quote() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\\\'}"
}

conf_quote() {
  local value=${1//\\/\\\\}
  printf "'%s'" "${value//\'/\'\'}"
}

primary_conninfo() {
  printf 'host=%s port=%s user=%s passfile=%s sslmode=%s sslrootcert=%s application_name=%s connect_timeout=10' \
    "$(conninfo_quote "$PRIMARY_HOST")" "$PRIMARY_PORT" "$(conninfo_quote "$PRIMARY_USER")" \
    $PASSFILE "$PRIMARY_SSLMODE" $ETC/primary-ca.pem "$SLOT"
}
