import { X509Certificate } from 'node:crypto';
import { Token } from 'aws-cdk-lib';

/** One block of PEM, with its label. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/**
 * Says what is wrong with the certificates that the property `what` names, undefined if nothing is. It never says what
 * the text is: a key may be among it. Tokens are not looked at.
 */
export function certificateProblem(text: string, what: string): string | undefined {
  if (Token.isUnresolved(text)) return undefined;
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    return `'${what}' must be certificates only, got a private key among them, which would be in the template for all to read; remove it, and take another key where this text has been`;
  const blocks = [...text.matchAll(BLOCK)].filter(([, label]) => label === 'CERTIFICATE');
  if (blocks.length === 0)
    return `'${what}' must be certificates in PEM, got another text; give the text of the file that signed the source's certificate, not its name`;
  const broken = blocks.findIndex(([block]) => !isCertificate(block));
  if (broken >= 0)
    return `'${what}' must be certificates in PEM, got something else as number ${broken + 1} of ${blocks.length}; copy the whole text of the file`;
  return undefined;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
