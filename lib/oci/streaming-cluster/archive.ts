import * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import type { HostArchive } from '../postgres-host';
import type { StreamingClusterArgs } from './args';

/**
 * The bucket that the log is kept in, of the primary's region. Objects go when they are old enough. Nothing is written
 * over: the script refuses, and who looks after a server may not.
 */
export function createArchive(
  name: string,
  args: StreamingClusterArgs,
  opts: pulumi.CustomResourceOptions,
): HostArchive {
  const { compartmentId, archiveRetentionDays = 14, protect = true } = args;
  const region = args.servers[args.primary]?.region ?? '';
  const { namespace } = oci.objectstorage.getNamespaceOutput({ compartmentId }, opts);
  const bucket = new oci.objectstorage.Bucket(
    `${name}-archive`,
    {
      compartmentId,
      namespace,
      name: `${name}-archive`,
      accessType: 'NoPublicAccess',
      storageTier: 'Standard',
      versioning: 'Disabled',
    },
    { ...opts, protect },
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
    opts,
  );
  return { namespace, bucket: bucket.name, region, prefix: name };
}
