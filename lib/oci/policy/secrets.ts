import { commandTexts } from './commands';
import { hostText } from './host-text';
import { type ReplicationPolicy, record } from './policy';

const INSTANCE = 'oci:Core/instance:Instance';
const DB_SYSTEM = 'oci:Psql/dbSystem:DbSystem';
const SECRET = 'oci:Vault/secret:Secret';

/** What gives a secret away, wherever it stands. Variables of a shell and names of files do not. */
const GIVEN_AWAY: readonly RegExp[] = [
  /\bPGPASSWORD=(?!["']?[$(])\S/,
  /\bpassword\s*=\s*(?!["']?[$(%])["']?[^\s"']/i,
  /"password"\s*:\s*"(?!%)[^"]/,
  /\bpostgres(ql)?:\/\/[^\s/:@]+:[^\s/@]+@/,
  /-----BEGIN ([A-Z ]+ )?PRIVATE KEY-----/,
];

/** A variable that is named after what it holds, unless that is where to find it. */
const VARIABLE = /^(\w*_)?(PG)?PASS(WORD|WD|PHRASE)?=(?!ocid1\.)./is;

/** Secrets stay in OCI Vault: what a resource is given is kept in the state, and shown by the metadata service. */
export const noPlaintextSecrets: ReplicationPolicy = {
  name: 'pontoon-no-plaintext-secrets',
  description: 'Passwords and keys are named by the OCIDs of Vault secrets.',
  enforcementLevel: 'mandatory',
  validateResource: ({ type, props }, report) => {
    const wayOut = 'keep it in OCI Vault, and name its OCID';
    if (type === DB_SYSTEM) {
      const { passwordType } = record(record(props.credentials).passwordDetails);
      if (passwordType !== undefined && passwordType !== 'VAULT_SECRET')
        report(
          `'credentials.passwordDetails.passwordType' must be VAULT_SECRET, got ${passwordType}; ${wayOut}`,
        );
    }
    if (type === SECRET && props.secretContent !== undefined)
      report(
        "'secretContent' cannot be given by a program, whose state would hold it; set enableAutoGeneration, or put the secret into the vault by hand",
      );
    for (const [what, text] of Object.entries(textsOf(type, props)))
      if (isGivenAway(what, text))
        report(`'${what}' cannot hold a password or a private key, got one; ${wayOut}`);
  },
};

function textsOf(
  type: string,
  props: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  return type === INSTANCE ? { 'metadata.user_data': hostText(props) } : commandTexts(type, props);
}

/** A variable is read as it stands: what a shell would fetch is no way out there. */
function isGivenAway(what: string, text: string): boolean {
  return (
    GIVEN_AWAY.some((pattern) => pattern.test(text)) ||
    (what.startsWith('environment.') && VARIABLE.test(text))
  );
}
