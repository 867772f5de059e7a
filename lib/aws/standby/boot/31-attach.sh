#!/bin/bash
# The data volume and the fixed address, which outlive the instance. Neither is ever taken by force:
# the old instance lets go of both when it ends.

imds() {
  local token
  token=$(curl -sSf --retry 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
    http://169.254.169.254/latest/api/token)
  curl -sSf --retry 5 -H "X-aws-ec2-metadata-token: $token" \
    "http://169.254.169.254/latest/meta-data/$1"
}

attach_volume() {
  local device="/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${VOLUME_ID/-/}" instance
  instance=$(imds instance-id)
  until [[ -b $device ]]; do
    aws ec2 attach-volume --volume-id "$VOLUME_ID" --instance-id "$instance" \
      --device /dev/sdf --output text || say 'the volume is not free yet'
    pause "volume $VOLUME_ID could not be attached"
  done
  mount_volume "$(readlink -f "$device")"
}

interface_mac() {
  local mac
  for mac in $(imds network/interfaces/macs/); do
    mac=${mac%/}
    [[ $(imds "network/interfaces/macs/$mac/interface-id") == "$INTERFACE_ID" ]] || continue
    printf '%s' "$mac"
    return
  done
}

attach_interface() {
  local mac name gateway instance
  instance=$(imds instance-id)
  until mac=$(interface_mac) && [[ -n $mac ]] &&
    name=$(ip -o link | awk -v mac="$mac" 'index($0, mac) { print $2 }') && [[ -n $name ]]; do
    [[ -n $mac ]] || aws ec2 attach-network-interface --network-interface-id "$INTERFACE_ID" \
      --instance-id "$instance" --device-index 1 --output text || say 'the interface is not free yet'
    pause "network interface $INTERFACE_ID could not be attached"
  done
  unmanage "${name%%[:@]*}" "$mac"
  leave_alone "${name%%[:@]*}" "$mac"
  gateway=$(ip -4 route show default | awk '{ print $3; exit }')
  route "${name%%[:@]*}" "$(imds "network/interfaces/macs/$mac/subnet-ipv4-cidr-block")" "$gateway"
}

# systemd-networkd would ask for the address by DHCP, and whenever it is told to configure the
# interface anew, as Amazon Linux tells it, it would drop what is set below. It reads about rules
# only when it starts. The other interface keeps its address meanwhile.
leave_alone() {
  local mark=$STATE/left-alone-${2//:/}
  [[ -d /run/systemd/netif && ! -e $mark ]] || return 0
  printf '[Match]\nMACAddress=%s\n[Link]\nUnmanaged=yes\n' "$2" |
    install -D -m 644 /dev/stdin /etc/systemd/network/05-pontoon.network
  printf '[Network]\nManageForeignRoutingPolicyRules=no\n' |
    install -D -m 644 /dev/stdin /etc/systemd/networkd.conf.d/pontoon.conf
  systemctl try-restart systemd-networkd
  until imds instance-id >/dev/null; do pause 'the network did not come back'; done
  ip -4 addr flush dev "$1"
  touch "$mark"
}

# The same for NetworkManager, which Red Hat's family has; nm-cloud-setup touches only what NetworkManager manages.
unmanage() {
  [[ -d /run/NetworkManager ]] || return 0
  printf '[device-pontoon]\nmatch-device=mac:%s\nmanaged=0\n' "$2" |
    install -D -m 644 /dev/stdin /etc/NetworkManager/conf.d/90-pontoon.conf
  nmcli general reload conf
  nmcli device set "$1" managed no
}

# Both interfaces lie in one subnet: answers from the fixed address must leave by its own interface,
# and the primary must see that address, so its networks are routed there.
route() {
  local cidr
  ip link set "$1" up
  ip addr replace "$ADDRESS/32" dev "$1"
  ip route replace "$2" dev "$1" src "$ADDRESS" table 1001
  ip route replace default via "$3" dev "$1" onlink src "$ADDRESS" table 1001
  [[ -n $(ip rule show pref 1001) ]] || ip rule add from "$ADDRESS" lookup 1001 pref 1001
  for cidr in $SOURCE_CIDRS; do
    ip route replace "$cidr" via "$3" dev "$1" onlink src "$ADDRESS"
  done
}
