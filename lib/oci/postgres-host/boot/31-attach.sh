#!/bin/bash
# The block volume, which is attached from outside of the machine, under a name of its own.

attach_volume() {
  until [[ -b $VOLUME_DEVICE ]]; do
    pause "volume $VOLUME_ID is not attached as $VOLUME_DEVICE"
  done
  mount_volume "$(readlink -f "$VOLUME_DEVICE")"
}
