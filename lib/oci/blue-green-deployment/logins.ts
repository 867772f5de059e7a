import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import type { BlueGreenDeploymentArgs } from './args';

/**
 * A secret with the login of `roleName`, whose password OCI makes. A secret that goes is kept for a while by OCI, and
 * its name with it.
 */
export function createLogin(
  name: string,
  { compartmentId, vault }: BlueGreenDeploymentArgs,
  { roleName, parent }: { readonly roleName: string; readonly parent: pulumi.Resource },
): oci.vault.Secret {
  return new oci.vault.Secret(
    name,
    {
      compartmentId,
      vaultId: vault.vaultId,
      keyId: vault.keyId,
      secretName: `${pulumi.getProject()}-${pulumi.getStack()}-${name}`,
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

/** Lets the host read exactly these logins, and switch exactly this load balancer. */
export function allowRunner(
  name: string,
  { compartmentId, runnerGroupName }: BlueGreenDeploymentArgs,
  {
    secretIds,
    networkLoadBalancerId,
    parent,
  }: {
    readonly secretIds: readonly pulumi.Input<string>[];
    readonly networkLoadBalancerId: pulumi.Input<string>;
    readonly parent: pulumi.Resource;
  },
): oci.identity.Policy | undefined {
  if (runnerGroupName === undefined) return undefined;
  const statements = pulumi
    .all([runnerGroupName, compartmentId, networkLoadBalancerId, pulumi.all([...secretIds])])
    .apply(([group, compartment, balancer, secrets]) => {
      const who = `Allow dynamic-group ${group} to`;
      const where = `in compartment id ${compartment} where`;
      const any = secrets.map((id) => `target.secret.id = '${id}'`).join(', ');
      return [
        `${who} read secret-bundles ${where} any {${any}}`,
        `${who} use network-load-balancers ${where} target.network-load-balancer.id = '${balancer}'`,
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
