#!/bin/bash
# The server's certificate and key out of the vault. Both come with every boot, so that a new certificate takes a
# restart of the boot only.

fetch_certificate() {
  private_directory $MOUNT/tls
  retry secret_text "$CERTIFICATE_SECRET_ID" >$MOUNT/tls/server.crt.new
  retry secret_text "$KEY_SECRET_ID" >$MOUNT/tls/server.key.new
  check_certificate $MOUNT/tls/server.crt.new $MOUNT/tls/server.key.new
  chown postgres: $MOUNT/tls/*.new
  mv $MOUNT/tls/server.key.new $MOUNT/tls/server.key
  mv $MOUNT/tls/server.crt.new $MOUNT/tls/server.crt
}

# What others would refuse later is refused here, where it can be said why.
check_certificate() {
  [[ $(openssl x509 -in "$1" -noout -pubkey) == "$(openssl pkey -in "$2" -pubout)" ]] ||
    fail "the key in $KEY_SECRET_ID does not belong to the certificate in $CERTIFICATE_SECRET_ID"
  openssl verify -CAfile $ETC/primary-ca.pem -untrusted "$1" "$1" >/dev/null ||
    fail "the certificate in $CERTIFICATE_SECRET_ID is not signed by 'tls.caCertificate'"
  [[ $PRIMARY_SSLMODE != verify-full ]] ||
    openssl x509 -in "$1" -noout -checkip "$ADDRESS" | grep -q 'does match' ||
    fail "the certificate in $CERTIFICATE_SECRET_ID does not name the address $ADDRESS; make one that does, or set 'tls.sslMode' to VERIFY_CA"
}
