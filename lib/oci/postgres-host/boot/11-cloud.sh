#!/bin/bash
# Oracle's cloud: the instance's own principal, the vault, and the end of a boot that failed.

export OCI_CLI_AUTH=instance_principal
export OCI_CLI_REGION=$REGION

# A secret's newest content. All servers of a cluster read from one vault.
secret_text() {
  oci secrets secret-bundle get --region "$SECRETS_REGION" --secret-id "$1" \
    --query 'data."secret-bundle-content".content' --raw-output | base64 -d
}

cloud_login() { secret_text "$STANDBY_SECRET_ID"; }

# A server must boot although the region of the vault is lost: it goes on with what it fetched before.
fetch_secrets() {
  if secret_text "$STANDBY_SECRET_ID" >/dev/null || [[ ! -s $PASSFILE || ! -s $MOUNT/tls/server.key ]]; then
    fetch_secret
    fetch_certificate
    return
  fi
  warn 'the vault does not answer; what was fetched before is used'
  PRIMARY_USER=$(sed -n '1s/^# //p' $PASSFILE)
}

finish() {
  local status=$?
  trap - EXIT
  ((status == 0)) || say "boot ended with status $status; it begins again in 30 seconds"
  rm -f $BEGAN
  exit "$status"
}
