#!/bin/sh
# Whether tests can make machines here: run by `unshare -n -m`, with whose namespaces mounts end. A container's own root
# cannot lie under an overlay's upper directory.
set -eu
ip link add probe0 type bridge
ip link add probe1 type veth peer name probe2
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
mkdir "$directory/lower" "$directory/upper" "$directory/work" "$directory/root"
cd "$directory"
mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root
umount root
cd /
