#!/bin/bash
# The tools and the exact PostgreSQL major, from signed repositories.

find_server() {
  local directory
  for directory in "/usr/lib/postgresql/$MAJOR/bin" "/usr/pgsql-$MAJOR/bin" /usr/bin; do
    [[ -x $directory/postgres ]] || continue
    [[ $("$directory/postgres" --version) =~ \)\ $MAJOR(\.|[a-z]|$) ]] || continue
    BIN=$directory
    return 0
  done
  return 1
}

packages() {
  install_packages
  ! declare -F cloud_tools >/dev/null || cloud_tools
  find_server || fail "PostgreSQL $MAJOR is not installed, although its packages are"
}
