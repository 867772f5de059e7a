#!/bin/bash
# PostgreSQL and the tools on Amazon Linux, which brings the AWS CLI and the SSM agent.

install_packages() {
  find_server && type jq >/dev/null 2>&1 && return
  retry dnf -qy install "postgresql$MAJOR-server" "postgresql$MAJOR-contrib" \
    jq openssl iproute e2fsprogs glibc-all-langpacks
}
