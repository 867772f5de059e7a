#!/bin/bash
# What the standby logs in to the primary with, and its own key, made once.

cloud_login() {
  aws secretsmanager get-secret-value --secret-id "$SECRET_ARN" --query SecretString --output text
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
