import { gzipSync } from 'fflate';

/** `text`, in the syntax of postgresql.conf or pg_hba.conf, without comments: user data is small. */
export function withoutComments(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^(\s*[\w.]+\s*=\s*(?:'(?:[^']|'')*'|[^'#\s]+))\s+#.*$/, '$1'))
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n');
}

/** `script` without whole lines of comments: what else has a # may be text. */
export function withoutRemarks(script: string): string {
  return script.replace(/\n(?:\s*#.*\n|\n)+/g, '\n');
}

/**
 * `text` by gzip and in base64. Not by node:zlib, whose output differs between processors and versions: the program,
 * and with it the instance, would change.
 */
export function compress(text: string): string {
  const packed = gzipSync(Buffer.from(text), { level: 9, mtime: 0 });
  return Buffer.from(packed).toString('base64');
}
