/** The widest network that anything is opened or routed to: the widest private one. */
const FEWEST_BITS = 8;

/** Whether `text` is an IPv4 address, without leading zeros, which some programs read as octal. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => isNumberUpTo(part, 255));
}

/** Whether `text` is an IPv4 network as CIDR, of /8 or smaller. */
export function isCidr(text: string): boolean {
  const [address = '', bits = '', ...rest] = text.split('/');
  return (
    rest.length === 0 && isIpv4(address) && isNumberUpTo(bits, 32) && Number(bits) >= FEWEST_BITS
  );
}

/** The first address of the network `cidr` as a number, and how many there are. */
export function networkOf(cidr: string): readonly [number, number] {
  const [address = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return [Math.floor(addressNumber(address) / size) * size, size];
}

/** An IPv4 address as a number. */
export function addressNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** Whether two IPv4 networks, or addresses, have an address in common. */
export function networksOverlap(one: string, other: string): boolean {
  const [[a, aSize], [b, bSize]] = [networkOf(one), networkOf(other)];
  return a < b + bSize && b < a + aSize;
}

/** Whether the IPv4 network, or address, `inner` lies in the network `outer` as a whole. */
export function networkContains(outer: string, inner: string): boolean {
  const [[a, aSize], [b, bSize]] = [networkOf(outer), networkOf(inner)];
  return a <= b && b + bSize <= a + aSize;
}

function isNumberUpTo(text: string, most: number): boolean {
  return /^(0|[1-9]\d{0,2})$/.test(text) && Number(text) <= most;
}
