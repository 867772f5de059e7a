#!/bin/bash
# Oracle's command line, and the firewall: open to the named networks, and only on PostgreSQL's port.

cloud_tools() {
  type oci >/dev/null 2>&1 || {
    # shellcheck disable=SC2086 # they are several
    retry dnf -qy install $CLI_PACKAGES
  }
  type firewall-cmd >/dev/null 2>&1 || retry dnf -qy install firewalld
}

open_firewall() {
  local cidr
  systemctl enable --now firewalld
  for cidr in $ADMITTED_CIDRS; do
    firewall-cmd -q --permanent --add-rich-rule \
      "rule family=\"ipv4\" source address=\"$cidr\" port port=\"5432\" protocol=\"tcp\" accept"
  done
  firewall-cmd -q --reload
}
