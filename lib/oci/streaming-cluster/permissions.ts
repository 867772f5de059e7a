import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { ValidationError } from '../../postgres';
import type { PostgresHost } from '../postgres-host';
import { regionProblems } from '../regions';
import type { StreamingClusterArgs } from './args';
import { uniqueName } from './names';

/** What the machines may do in OCI: read their secrets, keep the log, and post what alarms look at. Nothing else. */
export function createPermissions(
  name: string,
  args: StreamingClusterArgs,
  hosts: readonly PostgresHost[],
  { bucket, metricsNamespace }: { bucket: pulumi.Input<string>; metricsNamespace: string },
  parent: pulumi.Resource,
): void {
  const opts = { parent, provider: args.homeProvider };
  const label = `${uniqueName(name)}-servers`;
  const group = new oci.identity.DynamicGroup(
    `${name}-servers`,
    {
      compartmentId: tenancyOf(args),
      name: label,
      description: `The PostgreSQL servers of ${name}`,
      matchingRule: pulumi
        .all(hosts.map(({ instance }) => instance.id))
        .apply((ids) => `Any {${ids.map((id) => `instance.id = '${id}'`).join(', ')}}`),
    },
    opts,
  );
  const subject = pulumi.interpolate`Allow dynamic-group id ${group.id} to`;
  const place = pulumi.interpolate`in compartment id ${args.compartmentId}`;
  const secrets = pulumi.all(secretsOf(args)).apply((ids) => [...new Set(ids)].sort());
  new oci.identity.Policy(
    `${name}-servers`,
    {
      compartmentId: args.compartmentId,
      name: label,
      description: `What the PostgreSQL servers of ${name} may do`,
      statements: [
        pulumi.interpolate`${subject} read secret-bundles ${place} where any {${secrets.apply((ids) => ids.map((id) => `target.secret.id = '${id}'`).join(', '))}}`,
        pulumi.interpolate`${subject} manage objects ${place} where all {target.bucket.name = '${bucket}', any {request.permission = 'OBJECT_CREATE', request.permission = 'OBJECT_READ', request.permission = 'OBJECT_INSPECT'}}`,
        pulumi.interpolate`${subject} use metrics ${place} where target.metrics.namespace = '${metricsNamespace}'`,
      ],
    },
    opts,
  );
}

/** It fails while Pulumi previews. Which region is the tenancy's home, only OCI knows. */
function tenancyOf({ tenancyId, homeProvider }: StreamingClusterArgs): pulumi.Output<string> {
  return pulumi.all([tenancyId, homeProvider.region]).apply(([id, region]) => {
    const problems = region === undefined ? [] : regionProblems(region, 'homeProvider.region');
    if (problems.length > 0) throw new ValidationError('the home region', problems);
    return id;
  });
}

function secretsOf({ logins, servers }: StreamingClusterArgs): pulumi.Input<string>[] {
  return [
    logins.standbySecretId,
    logins.administratorSecretId,
    ...Object.values(servers).flatMap(({ certificateSecretId, keySecretId }) => [
      certificateSecretId,
      keySecretId,
    ]),
  ];
}
