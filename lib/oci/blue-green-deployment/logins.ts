import { createHash } from 'node:crypto';
import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { ValidationError } from '../../postgres';
import { WATCH } from '../runner-host';
import type { BlueGreenDeploymentArgs } from './args';
import { isWatched } from './watch';

/** States in which a secret has its name, and is nobody's any more. */
const KEPT_STATES = ['SCHEDULING_DELETION', 'PENDING_DELETION', 'DELETING'];

/** A secret with the login of `roleName`, whose password OCI makes. */
export function createLogin(
  name: string,
  args: BlueGreenDeploymentArgs,
  { roleName, parent }: { readonly roleName: string; readonly parent: pulumi.Resource },
): oci.vault.Secret {
  const { compartmentId, vault } = args;
  return new oci.vault.Secret(
    name,
    {
      compartmentId,
      vaultId: vault.vaultId,
      keyId: vault.keyId,
      secretName: secretName(name, args, parent),
      description: `The login of ${roleName}, with which a database replicates from the other one`,
      enableAutoGeneration: true,
      secretGenerationContext: {
        generationType: 'PASSPHRASE',
        generationTemplate: 'SECRETS_DEFAULT_PASSWORD',
        passphraseLength: 32,
        secretTemplate: JSON.stringify({ username: roleName, password: '%GENERATED_PASSPHRASE%' }),
      },
    },
    { parent },
  );
}

/**
 * The name of a secret. One that another replaces, since key or generation changed, is there for a moment beside it, and
 * its name for as long as OCI keeps it after its deletion: each has a name of its own. It fails while Pulumi previews if
 * OCI still keeps that name.
 */
function secretName(
  name: string,
  { compartmentId, vault }: BlueGreenDeploymentArgs,
  parent: pulumi.Resource,
): pulumi.Output<string> {
  const { vaultId, keyId, generation = 1 } = vault;
  const fullName = pulumi.all([vaultId, keyId]).apply(([vault, key]) => {
    const content = JSON.stringify([vault, key, generation]);
    const version = createHash('sha256').update(content).digest('hex').slice(0, 8);
    return `${pulumi.getProject()}-${pulumi.getStack()}-${name}-${version}`;
  });
  const found = oci.vault.getSecretsOutput({ compartmentId, vaultId, name: fullName }, { parent });
  return pulumi.all([fullName, found.secrets]).apply(([wanted, secrets]) => {
    checkFree(name, wanted, { generation, secrets });
    return wanted;
  });
}

/** A secret as OCI lists it. */
export interface FoundSecret {
  readonly secretName: string;
  readonly state: string;
  readonly timeOfDeletion: string;
}

/**
 * Checks that a secret can have the name `wanted`.
 *
 * @throws ValidationError if OCI keeps it for one that is being deleted.
 */
export function checkFree(
  name: string,
  wanted: string,
  { generation, secrets }: { readonly generation: number; secrets: readonly FoundSecret[] },
): void {
  const kept = secrets.find(
    (secret) => secret.secretName === wanted && KEPT_STATES.includes(secret.state),
  );
  if (kept === undefined) return;
  throw new ValidationError(`login '${name}'`, [
    `'vault.generation' must be a number under which no secret is being deleted, got ${generation}, whose name '${wanted}' OCI keeps until ${kept.timeOfDeletion}; say ${generation + 1}`,
  ]);
}

/** Lets the host read exactly these logins, switch load balancers of the compartment, and post what it watches. */
export function allowRunner(
  name: string,
  args: BlueGreenDeploymentArgs,
  {
    secretIds,
    parent,
  }: {
    readonly secretIds: readonly pulumi.Input<string>[];
    readonly parent: pulumi.Resource;
  },
): oci.identity.Policy | undefined {
  const { compartmentId, runnerGroupName } = args;
  if (runnerGroupName === undefined) return undefined;
  const statements = pulumi
    .all([runnerGroupName, compartmentId, pulumi.all([...secretIds])])
    .apply(([group, compartment, secrets]) => {
      const who = `Allow dynamic-group ${group} to`;
      const where = `in compartment id ${compartment} where`;
      const any = secrets.map((id) => `target.secret.id = '${id}'`).join(', ');
      return [
        `${who} read secret-bundles ${where} any {${any}}`,
        // Of load balancers OCI's policies know general variables only, so that none can be named.
        `${who} use network-load-balancers in compartment id ${compartment}`,
        ...(isWatched(args)
          ? [`${who} use metrics ${where} target.metrics.namespace = '${WATCH.namespace}'`]
          : []),
      ];
    });
  return new oci.identity.Policy(
    `${name}-runner`,
    {
      compartmentId,
      name: `${pulumi.getProject()}-${pulumi.getStack()}-${name}-runner`,
      description: 'What the host that makes objects may do',
      statements,
    },
    { parent },
  );
}
