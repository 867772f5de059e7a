import { execFileSync } from 'node:child_process';

/** Where the primary listens: outside of the subnet. */
export const PRIMARY_ADDRESS = '192.0.2.10';
/** The standby's fixed address: the only one that the primary's pg_hba lets in. */
export const FIXED_ADDRESS = '10.77.1.20';

/**
 * Network namespaces in place of a subnet: the primary's machine is also the router, and each
 * instance has one interface of its own until the fixed one is attached.
 */
export class Network {
  public readonly primary = `pontoon-${process.pid}-a`;
  private readonly namespaces: string[] = [];
  private next = 0;

  constructor() {
    this.add(this.primary);
    this.run('link', 'add', 'br0', 'type', 'bridge');
    this.run('addr', 'add', '10.77.1.1/24', 'dev', 'br0');
    this.run('link', 'set', 'br0', 'up');
    this.run('addr', 'add', `${PRIMARY_ADDRESS}/32`, 'dev', 'lo');
  }

  /** A namespace for one more instance, with an address that is not the fixed one. */
  public addInstance(): string {
    this.next += 1;
    const name = `pontoon-${process.pid}-b${this.next}`;
    this.add(name);
    this.plug(name, `v${this.next}`, 'eth0');
    ip(name, 'addr', 'add', `10.77.1.${50 + this.next}/24`, 'dev', 'eth0');
    ip(name, 'link', 'set', 'eth0', 'up');
    ip(name, 'route', 'add', 'default', 'via', '10.77.1.1');
    return name;
  }

  /** Plugs the fixed interface in, down and without an address, as a cloud does. */
  public attachInterface(namespace: string, mac: string): void {
    this.plug(namespace, 'fixed', 'eth1', mac);
  }

  public detachInterface(namespace: string): void {
    ip(namespace, 'link', 'del', 'eth1');
  }

  public remove(): void {
    for (const name of this.namespaces.reverse()) execFileSync('ip', ['netns', 'del', name]);
  }

  private add(name: string): void {
    execFileSync('ip', ['netns', 'add', name]);
    this.namespaces.push(name);
    ip(name, 'link', 'set', 'lo', 'up');
  }

  private plug(namespace: string, port: string, name: string, mac?: string): void {
    const address = mac === undefined ? [] : ['address', mac];
    const peer = ['peer', 'name', name, ...address, 'netns', namespace];
    this.run('link', 'add', port, 'type', 'veth', ...peer);
    this.run('link', 'set', port, 'master', 'br0', 'up');
  }

  private run(...args: string[]): void {
    ip(this.primary, ...args);
  }
}

function ip(namespace: string, ...args: string[]): void {
  execFileSync('ip', ['-n', namespace, ...args]);
}
