import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What signs certificates of servers. */
export interface Authority {
  readonly certificate: string;
  /** A certificate for an IP address, and its key. */
  sign(address: string): { readonly certificate: string; readonly key: string };
}

/** Makes an authority whose files lie in `directory`. */
export function makeAuthority(directory: string): Authority {
  mkdirSync(directory, { recursive: true });
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  };
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const root = ['-subj', '/CN=authority', '-days', '2', '-keyout', 'ca.key', '-out', 'ca.crt'];
  openssl('req', '-x509', ...key, ...root);
  return {
    certificate: read('ca.crt'),
    sign: (address) => {
      const name = ['-subj', `/CN=${address}`, '-addext', `subjectAltName=IP:${address}`];
      openssl('req', ...key, ...name, '-keyout', `${address}.key`, '-out', `${address}.csr`);
      const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-copy_extensions'];
      const out = ['-in', `${address}.csr`, '-days', '2', '-out', `${address}.crt`];
      openssl('x509', '-req', ...by, 'copy', ...out);
      return { certificate: read(`${address}.crt`), key: read(`${address}.key`) };
    },
  };
}
