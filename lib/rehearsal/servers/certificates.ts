import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { perWorkspace } from './workspace';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

/** A certificate and its private key. */
export interface KeyPair {
  /** The certificate in PEM. */
  readonly certificate: string;
  /** The private key in PEM (PKCS #8). */
  readonly privateKey: string;
}

interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** The certificate authority of a workspace; every server of the rehearsal has a certificate of it. */
const authority = perWorkspace<'authority', Authority>(async () => {
  cryptoProvider.set(webcrypto);
  const keys = await makeKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Pontoon rehearsal',
    ...validity(),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  return { certificate, keys };
});

/** The authority's certificate, in PEM. */
export async function authorityCertificate(
  workspace: Parameters<typeof authority>[0],
): Promise<string> {
  return (await authority(workspace, 'authority')).certificate.toString('pem');
}

/** Makes a certificate for 127.0.0.1, localhost and `hostNames` (names or addresses). */
export async function serverCertificate(
  workspace: Parameters<typeof authority>[0],
  name: string,
  hostNames: readonly string[],
): Promise<KeyPair> {
  const issuer = await authority(workspace, 'authority');
  const keys = await makeKeys();
  const names = [...new Set(['127.0.0.1', 'localhost', ...hostNames])];
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [name.slice(0, 64)] }],
    issuer: issuer.certificate.subject,
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((value) => ({
          type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
          value,
        })),
      ),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: certificate.toString('pem'),
    privateKey: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - HOUR_MS), notAfter: new Date(now + 24 * HOUR_MS) };
}
