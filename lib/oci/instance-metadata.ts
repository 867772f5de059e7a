/** The most that OCI takes as the metadata of an instance, in bytes, with all names and values. */
export const MOST_METADATA = 32_000;

/** The size of `metadata` in bytes, with all names and values. */
export function metadataSize(metadata: Readonly<Record<string, string>>): number {
  return Buffer.byteLength(JSON.stringify(metadata));
}
