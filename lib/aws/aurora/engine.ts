import { AuroraPostgresEngineVersion } from 'aws-cdk-lib/aws-rds';
import { Problems } from '../../postgres';
import type { AuroraTargetProps } from './props';

/** The newest minors that are known to this library. */
const KNOWN_ENGINES: Readonly<Record<number, AuroraPostgresEngineVersion>> = {
  15: AuroraPostgresEngineVersion.VER_15_17,
  16: AuroraPostgresEngineVersion.VER_16_13,
  17: AuroraPostgresEngineVersion.VER_17_9,
  18: AuroraPostgresEngineVersion.VER_18_6,
};

/** The engine's version that a cluster is made with. */
export function engineVersion({
  majorVersion,
  engineVersion: version,
}: AuroraTargetProps): AuroraPostgresEngineVersion {
  const known = version === undefined ? KNOWN_ENGINES[majorVersion] : undefined;
  return known ?? AuroraPostgresEngineVersion.of(String(version), String(majorVersion));
}

/** Says what is wrong with the version of an Aurora cluster. */
export function engineProblems(majorVersion: number, version?: string): readonly string[] {
  const problems = new Problems();
  problems.addIf(
    version === undefined && KNOWN_ENGINES[majorVersion] === undefined,
    `'engineVersion' must be given for PostgreSQL ${majorVersion}, of which no Aurora version is known here, got nothing; take it from the Aurora release notes`,
  );
  problems.addIf(
    version !== undefined && !new RegExp(`^${majorVersion}\\.\\d+(\\.\\d+)?$`).test(version),
    `'engineVersion' must be of PostgreSQL ${majorVersion}, such as '${majorVersion}.1', got '${version}'; correct one of the two`,
  );
  return problems.list();
}
