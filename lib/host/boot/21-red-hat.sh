#!/bin/bash
# PostgreSQL and the tools on Red Hat's family.

install_packages() {
  find_server && type jq >/dev/null 2>&1 && return
  local version base=${PGDG_URL:-https://download.postgresql.org/pub/repos/yum} key=PGDG-RPM-GPG-KEY-RHEL
  version=$(. /etc/os-release && printf '%s' "${VERSION_ID%%.*}")
  retry dnf -qy install jq openssl unzip iproute e2fsprogs glibc-all-langpacks
  if [[ $PACKAGES == pgdg ]]; then
    [[ $(uname -m) != aarch64 ]] || key=PGDG-RPM-GPG-KEY-AARCH64-RHEL
    retry rpm --import "$base/keys/$key"
    retry dnf -qy --setopt=localpkg_gpgcheck=1 install \
      "$base/reporpms/EL-$version-$(uname -m)/pgdg-redhat-repo-latest.noarch.rpm"
    ((version > 9)) || dnf -qy module disable postgresql
  fi
  retry dnf -qy install "postgresql$MAJOR-server" "postgresql$MAJOR-contrib"
}
