import { createHash } from 'node:crypto';
import * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import { createTopology, deriveConfiguration, serverOf } from '../../postgres';
import type { PostgresDbSystemArgs } from './args';

export const DEFAULT_SHAPE = 'VM.Standard.E5.Flex';

/** What replication needs of a database, by setting. */
export function neededSettings({
  topology,
  server,
  extensions = [],
  omittedSettings = [],
}: Pick<PostgresDbSystemArgs, 'topology' | 'server' | 'extensions' | 'omittedSettings'>): Record<
  string,
  string
> {
  const overrides = deriveConfiguration(createTopology(topology), server, { extensions });
  return Object.fromEntries(
    Object.entries(overrides).filter(([name]) => !omittedSettings.includes(name)),
  );
}

/** The major that the database and its configuration are made for. */
export function majorOf({ topology, server }: PostgresDbSystemArgs): string {
  return String(serverOf(topology, server).majorVersion);
}

/** A configuration cannot be edited while it is attached: with another content it is another one, made before. */
export function createConfiguration(
  name: string,
  args: PostgresDbSystemArgs,
  parent: pulumi.Resource,
): oci.psql.Configuration {
  const { compartmentId, shape = DEFAULT_SHAPE, settings = {} } = args;
  const overrides = Object.entries({ ...settings, ...neededSettings(args) }).sort(
    ([one], [other]) => (one < other ? -1 : 1),
  );
  const dbVersion = majorOf(args);
  const content = JSON.stringify([shape, overrides]);
  const version = createHash('sha256').update(content).digest('hex').slice(0, 8);
  const displayName = `${name}-${dbVersion}-${version}`;
  return new oci.psql.Configuration(
    displayName,
    {
      compartmentId,
      displayName,
      description: `What replication needs of ${name}`,
      dbVersion,
      shape,
      isFlexible: isFlexible(shape),
      ...(isFlexible(shape) ? {} : sizeOf(args)),
      dbConfigurationOverrides: {
        items: overrides.map(([configKey, overridenConfigValue]) => ({
          configKey,
          overridenConfigValue,
        })),
      },
    },
    { parent },
  );
}

/** The size of each instance. */
export function sizeOf({ ocpus = 2, memoryInGbs = 32 }: PostgresDbSystemArgs): {
  instanceOcpuCount: number;
  instanceMemorySizeInGbs: number;
} {
  return { instanceOcpuCount: ocpus, instanceMemorySizeInGbs: memoryInGbs };
}

function isFlexible(shape: string): boolean {
  return shape.endsWith('.Flex');
}
