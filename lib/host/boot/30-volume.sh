#!/bin/bash
# The data volume, which outlives the instance.

# A failing wipefs ends the boot: only a volume that was read, and is blank, is formatted, or one that this instance
# found blank and was cut off from formatting.
format_volume() {
  local found mark=$STATE/formatting-$VOLUME_ID
  found=$(wipefs --no-act "$1")
  [[ -z $found || -e $mark ]] || return 0
  touch "$mark"
  sync
  mkfs.ext4 -qF -L pontoon "$1"
  sync
  rm "$mark"
  sync
}

mount_volume() {
  local uuid
  format_volume "$1"
  [[ $(blkid -p -s LABEL -o value "$1") == pontoon ]] ||
    fail "volume $VOLUME_ID holds something else; give it a blank volume"
  uuid=$(blkid -p -s UUID -o value "$1")
  (umask 022 && mkdir -p $MOUNT)
  grep -q "^UUID=$uuid " /etc/fstab ||
    printf 'UUID=%s %s ext4 noatime,nofail 0 2\n' "$uuid" $MOUNT >>/etc/fstab
  mountpoint -q $MOUNT || mount $MOUNT
  # The volume may have grown.
  resize2fs "$1"
  ! type restorecon >/dev/null 2>&1 || restorecon $MOUNT
  chmod 755 $MOUNT
  mkdir -p $MARKS
  # Another image may have given the postgres user another number.
  if [[ -d $DATA && $(stat -c %U $DATA) != postgres ]]; then
    chown -R postgres: $DATA $MOUNT/log $MOUNT/tls
  fi
}
