import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { PontoonError } from '../../postgres';
import { type PlainRecord, recordOf } from './plain-data';
import type { StackIdentity } from './scope';

/** A file or directory of the cloud assembly that is uploaded before the stacks are deployed. */
export interface FileAsset {
  /** Absolute path on this machine. */
  readonly path: string;
  /** `zip`: a directory that is uploaded as an archive. `file`: uploaded as it is. */
  readonly packaging: 'zip' | 'file';
  /** Bucket, with placeholders such as `${AWS::AccountId}`. */
  readonly bucketName: string;
  readonly objectKey: string;
}

/** Reads the file assets of one asset manifest; each destination gives one. */
export function readAssets(directory: string, file: string): readonly FileAsset[] {
  const manifest: unknown = JSON.parse(readFileSync(resolve(directory, file), 'utf8'));
  const assets: FileAsset[] = [];
  for (const entry of Object.values(recordOf(recordOf(manifest).files))) {
    const source = recordOf(recordOf(entry).source);
    // An asset made by a command at publishing time (`executable`) has no path to look at.
    if (typeof source.path !== 'string') continue;
    for (const destination of Object.values(recordOf(recordOf(entry).destinations))) {
      assets.push(assetOf(directory, source.path, source, recordOf(destination)));
    }
  }
  return assets;
}

/**
 * Finds the asset that is uploaded as `key` in `bucket`.
 *
 * @throws PontoonError if the cloud assembly has none.
 */
export function findAsset(
  assets: readonly FileAsset[],
  bucket: string,
  key: string,
  identity: StackIdentity,
): FileAsset {
  const found = assets.find(
    (asset) => asset.objectKey === key && fill(asset.bucketName, identity) === bucket,
  );
  if (found !== undefined) return found;
  throw new PontoonError(
    'ASSET',
    `asset "s3://${bucket}/${key}" must be in the cloud assembly's asset manifests, got none with that place; synthesize again with the default synthesizer`,
  );
}

function assetOf(
  directory: string,
  path: string,
  source: PlainRecord,
  destination: PlainRecord,
): FileAsset {
  return {
    path: resolve(directory, path),
    packaging: source.packaging === 'zip' ? 'zip' : 'file',
    bucketName: String(destination.bucketName),
    objectKey: String(destination.objectKey),
  };
}

function fill(text: string, identity: StackIdentity): string {
  const values = {
    AccountId: identity.account,
    Region: identity.region,
    Partition: identity.partition,
  };
  return text.replace(
    /\$\{AWS::(AccountId|Region|Partition)\}/g,
    (_whole, name: keyof typeof values) => values[name],
  );
}
