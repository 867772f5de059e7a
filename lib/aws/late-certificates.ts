import { Fn, Token } from 'aws-cdk-lib';
import type { ServerBinding } from './server-binding';

// CDK's own way to JSON escapes the delimiters inside of expressions as well, so that a certificate that is cut out of
// a WaitCondition's data would not be found: such certificates stand beside the rest of what the function is told.

/** Whether the server's certificate is known only at deployment. */
export function isKnownLater({ caCertificate }: ServerBinding): boolean {
  return Token.isUnresolved(caCertificate);
}

/** The connection to a server, without a certificate that is known only at deployment. */
export function withoutLateCertificate(binding: ServerBinding): Record<string, string | number> {
  return { ...binding.toConnection(), ...(isKnownLater(binding) ? { caCertificate: '' } : {}) };
}

/** The certificates that are known only at deployment, by server, as JSON. */
export function certificatesBeside(bindings: readonly ServerBinding[]): string {
  const texts = bindings
    .filter(isKnownLater)
    .map(({ server, caCertificate }) => `${JSON.stringify(server)}:${jsonText(caCertificate)}`);
  return `{${texts.join(',')}}`;
}

/** PEM holds nothing that JSON escapes but the ends of its lines. */
function jsonText(pem: string): string {
  return `"${Fn.join('\\n', Fn.split('\n', pem))}"`;
}
