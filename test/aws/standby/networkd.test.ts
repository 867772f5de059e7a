import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ATTACH = join(__dirname, '../../../lib/aws/standby/boot/31-attach.sh');
const TOOLS = ['/lib/systemd/systemd-networkd', 'networkctl', 'dbus-daemon', 'unshare', 'ip'];

function obstacle(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root';
  const missing = TOOLS.find((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing === undefined ? undefined : `needs ${missing}`;
}

/**
 * An instance whose two interfaces systemd-networkd has configured, in namespaces of its own. Only `systemctl` and the
 * metadata service are stand-ins: what restarts is the real systemd-networkd.
 */
const MACHINE = `
mount -t tmpfs run /run
mount -t tmpfs etc /etc/systemd
mkdir -p /run/dbus /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
mkdir -p /etc/systemd/network
chown -R systemd-network /run/systemd/netif
dbus-daemon --system --fork --nopidfile
ip link set lo up
for n in 0 1; do
  ip link add "eth$n" type veth peer name "port$n"
  ip link set "port$n" up
  printf '[Match]\\nName=eth%s\\n[Network]\\nAddress=10.77.1.%s/24\\n' $n $((n + 19)) \\
    >"/etc/systemd/network/70-eth$n.network"
done
printf 'Gateway=10.77.1.1\\n' >>/etc/systemd/network/70-eth0.network

networkd() {
  /lib/systemd/systemd-networkd &
  echo $! >/run/networkd.pid
  until networkctl list >/dev/null; do sleep 0.1; done
}
systemctl() {
  [[ $* == 'try-restart systemd-networkd' ]]
  echo "$*" >>"$STATE/restarts"
  kill "$(cat /run/networkd.pid)"
  wait "$(cat /run/networkd.pid)" || true
  networkd
}
until_there() {
  for _ in {1..300}; do
    [[ -z $("$@") ]] || return 0
    sleep 0.1
  done
  echo "waited in vain: $*"
  exit 1
}
source "$1"
imds() { echo i-0123456789abcdef0; }
pause() { echo "$1"; exit 1; }
STATE=$2
ADDRESS=10.77.1.20
SOURCE_CIDRS=192.0.2.0/24
networkd 2>>"$STATE/log"
until_there ip -o -4 addr show eth0
until_there ip -o -4 addr show eth1
until_there ip route show default
mac=$(< /sys/class/net/eth1/address)
`;

/** What Amazon Linux does every minute, followed by what is still there. The rule goes first, if it goes. */
const RECONFIGURE = `
for n in 0 1; do networkctl reconfigure "eth$n"; done
networkctl reload
ip link add probe type veth peer name port2
ip link set port2 up
printf '[Match]\\nName=probe\\n[Network]\\nAddress=10.99.0.1/24\\n' >/etc/systemd/network/70-probe.network
networkctl reload
networkctl reconfigure probe
until_there ip -o -4 addr show probe
ip -o -4 addr show eth1 | awk '{ print "address", $4 }'
ip route show 192.0.2.0/24 | sed 's/ *$//;s/^/route /'
ip route show table 1001 | sed 's/ *$//;s/^/table /'
ip rule show pref 1001 | sed 's/\\t/ /;s/ *$//;s/^/rule /'
echo "restarts $(cat "$STATE/restarts" 2>/dev/null | wc -l)"
`;

const reason = obstacle();
if (reason !== undefined) process.stderr.write(`systemd-networkd: not run, it ${reason}\n`);

(reason === undefined ? describe : describe.skip)('with systemd-networkd', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'pontoon-networkd-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function run(...steps: string[]): string[] {
    const file = join(directory, 'machine.sh');
    writeFileSync(file, [MACHINE, ...steps, RECONFIGURE].join('\n'));
    const isolate = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const shell = ['bash', '-eu', file, ATTACH, directory];
    const output = execFileSync(
      'unshare',
      [...isolate, 'sh', '-c', 'mount -t sysfs -o ro sysfs /sys; exec "$@"', 'sh', ...shell],
      { encoding: 'utf8', stdio: 'pipe', timeout: 100_000 },
    );
    return output.trimEnd().split('\n');
  }

  const ROUTE = 'route eth1 10.77.1.0/24 10.77.1.1';
  const KEPT = [
    'address 10.77.1.20/32',
    'route 192.0.2.0/24 via 10.77.1.1 dev eth1 src 10.77.1.20 onlink',
    'table default via 10.77.1.1 dev eth1 src 10.77.1.20 onlink',
    'table 10.77.1.0/24 dev eth1 scope link src 10.77.1.20',
    'rule 1001: from 10.77.1.20 lookup 1001',
  ];

  test('the fixed address, its routes and its rule outlive a reconfiguration', () => {
    expect(run('leave_alone eth1 "$mac"', ROUTE)).toEqual([...KEPT, 'restarts 1']);
  });

  test('a second run changes and restarts nothing', () => {
    const twice = ['leave_alone eth1 "$mac"', ROUTE, 'leave_alone eth1 "$mac"', ROUTE];
    expect(run(...twice)).toEqual([...KEPT, 'restarts 1']);
  });

  test('they would not if the interface were not left alone', () => {
    expect(run(ROUTE)).toEqual(['address 10.77.1.20/24', 'restarts 0']);
  });

  test('NetworkManager is told to leave the interface alone, where there is one', () => {
    const steps = `
mount -t tmpfs etc /etc
mount -t tmpfs run /run
source "$1"
nmcli() { echo "nmcli $*"; }
unmanage eth1 02:00:0a:4d:01:14
ls -A /etc
mkdir /run/NetworkManager
unmanage eth1 02:00:0a:4d:01:14
cat /etc/NetworkManager/conf.d/90-pontoon.conf`;
    const isolate = ['--mount', 'bash', '-euc', steps, 'bash', ATTACH];
    const output = execFileSync('unshare', isolate, { encoding: 'utf8', stdio: 'pipe' });
    expect(output.trimEnd().split('\n')).toEqual([
      'nmcli general reload conf',
      'nmcli device set eth1 managed no',
      '[device-pontoon]',
      'match-device=mac:02:00:0a:4d:01:14',
      'managed=0',
    ]);
  });
});
