import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import type { HostArchive } from '../postgres-host';
import type { StreamingClusterArgs } from './args';
import { uniqueName } from './names';

/** The region of the bucket that the log is kept in. */
export function archiveRegionOf({ archiveRegion, servers, primary }: StreamingClusterArgs): string {
  return archiveRegion ?? servers[primary]?.region ?? '';
}

/**
 * The bucket that the log is kept in. Objects go when they are old enough, which the service
 * does itself, and is allowed for this bucket only. Nothing is written over: the script refuses, and who looks after a
 * server may not.
 */
export function createArchive(
  name: string,
  args: StreamingClusterArgs,
  parent: pulumi.Resource,
): HostArchive {
  const { compartmentId, archiveRetentionDays = 14, protect = true } = args;
  const region = archiveRegionOf(args);
  const label = `${uniqueName(name)}-archive`;
  const opts = { parent, provider: args.regions[region]?.network.provider };
  const { namespace } = oci.objectstorage.getNamespaceOutput({ compartmentId }, opts);
  const bucket = new oci.objectstorage.Bucket(
    `${name}-archive`,
    {
      compartmentId,
      namespace,
      name: label,
      accessType: 'NoPublicAccess',
      storageTier: 'Standard',
      versioning: 'Disabled',
    },
    { ...opts, protect },
  );
  const permission = new oci.identity.Policy(
    `${name}-archive`,
    {
      compartmentId,
      name: label,
      description: `What Object Storage may do with the log of ${name}`,
      statements: [
        pulumi.interpolate`Allow service objectstorage-${region} to manage object-family in compartment id ${compartmentId} where target.bucket.name = '${bucket.name}'`,
      ],
    },
    { ...opts, provider: args.homeProvider },
  );
  new oci.objectstorage.ObjectLifecyclePolicy(
    `${name}-archive`,
    {
      namespace,
      bucket: bucket.name,
      rules: [
        {
          name: 'retention',
          action: 'DELETE',
          isEnabled: true,
          target: 'objects',
          timeAmount: String(archiveRetentionDays),
          timeUnit: 'DAYS',
        },
      ],
    },
    // Object Storage refuses a policy that it may not carry out.
    { ...opts, dependsOn: permission },
  );
  return { namespace, bucket: bucket.name, region, prefix: name };
}
