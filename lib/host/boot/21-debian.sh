#!/bin/bash
# PostgreSQL and the tools on Debian and Ubuntu.

# A machine that just started may be upgrading itself.
apt_install() {
  retry apt-get -qy -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold \
    install --no-install-recommends "$@"
}

install_packages() {
  export DEBIAN_FRONTEND=noninteractive
  if ! find_server || ! type jq openssl curl unzip ip >/dev/null; then
    retry apt-get -q update
    apt_install postgresql-common ca-certificates jq openssl curl unzip iproute2 e2fsprogs locales-all
  fi
  find_server && return
  # The distribution's package would start an empty cluster of its own on our port.
  mkdir -p /etc/postgresql-common
  printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
  # It brings the repository's key, signed by the distribution.
  [[ $PACKAGES != pgdg ]] || retry /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
  apt_install "postgresql-$MAJOR"
}
