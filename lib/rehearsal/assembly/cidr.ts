import { isIPv4, isIPv6 } from 'node:net';

/**
 * The first `count` networks of `hostBits` host bits inside `block`, as `Fn::Cidr` gives them.
 * Undefined if the block is none or has no room for so many.
 */
export function divideNetwork(
  block: string,
  count: number,
  hostBits: number,
): readonly string[] | undefined {
  const [address = '', prefixText = ''] = block.split('/');
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : undefined;
  const prefix = Number(prefixText);
  if (width === undefined || prefixText === '' || !Number.isInteger(prefix)) return undefined;
  const newPrefix = width - hostBits;
  if (prefix < 0 || newPrefix < prefix || newPrefix > width) return undefined;
  if (BigInt(count) > 1n << BigInt(newPrefix - prefix)) return undefined;
  const hostPart = BigInt(width - prefix);
  const base = (toNumber(address, width) >> hostPart) << hostPart;
  return Array.from({ length: count }, (_entry, index) => {
    const network = base + (BigInt(index) << BigInt(hostBits));
    return `${width === 32 ? formatV4(network) : formatV6(network)}/${newPrefix}`;
  });
}

function toNumber(address: string, width: number): bigint {
  if (width === 32) return join(address.split('.').map(Number), 8n);
  const [head = '', tail] = address.split('::');
  const left = words(head);
  const right = words(tail ?? '');
  return join([...left, ...Array(8 - left.length - right.length).fill(0), ...right], 16n);
}

function words(part: string): number[] {
  return part
    .split(':')
    .filter((word) => word !== '')
    .flatMap((word) => {
      if (!word.includes('.')) return [Number.parseInt(word, 16)];
      const [a = 0, b = 0, c = 0, d = 0] = word.split('.').map(Number);
      return [a * 256 + b, c * 256 + d];
    });
}

function join(digits: readonly number[], bits: bigint): bigint {
  return digits.reduce((sum, digit) => (sum << bits) + BigInt(digit), 0n);
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.');
}

function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_entry, index) =>
    ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  );
  const text = groups.join(':');
  const longest = [...text.matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)]
    .map((match) => match[0])
    .sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return text;
  const at = text.indexOf(longest);
  return `${text.slice(0, at)}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}
