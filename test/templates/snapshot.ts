import { isRecord, type JsonValue } from './intrinsics';

// What changes with every build, although the architecture did not: hashes of assets (SHA-256),
// and of what a Lambda version is made from (MD5, at the end of its logical id).
const ASSET_HASH = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;
const VERSION_HASH = /(?<=CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g;

/**
 * A template with each volatile hash replaced by `<hash-1>`, `<hash-2>`, …: equal hashes keep
 * equal names, different ones different names, so a mixed-up asset still shows in a snapshot.
 */
export function normalizeTemplate(template: object): object {
  const names = new Map<string, string>();
  const rename = (hash: string): string => {
    const name = names.get(hash) ?? `<hash-${names.size + 1}>`;
    names.set(hash, name);
    return name;
  };
  const normalized = mapTexts(template as JsonValue, (text) =>
    text.replace(ASSET_HASH, rename).replace(VERSION_HASH, rename),
  );
  return normalized as object;
}

function mapTexts(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, change));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [change(key), mapTexts(child, change)]),
  );
}
