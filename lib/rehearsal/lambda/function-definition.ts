import { Problems } from '../../postgres';
import {
  findAsset,
  isRecord,
  kindOf,
  type PlainRecord,
  recordOf,
  type StackIdentity,
} from '../assembly';
import type { ResourceRequest } from '../cloudformation';

/** A function as its template defines it. */
export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  /** `file.export`. */
  readonly handler: string;
  /** Directory with the code, or the text of `index.js` (`ZipFile`). */
  readonly code: { readonly directory: string } | { readonly inline: string };
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
}

/** Properties of `AWS::Lambda::Function` that a {@link FunctionDefinition} is read from. */
export const FUNCTION_PROPERTIES = [
  'Code',
  'Environment',
  'FunctionName',
  'Handler',
  'Layers',
  'MemorySize',
  'PackageType',
  'Runtime',
  'Timeout',
] as const;

/**
 * Reads a function from its evaluated properties.
 *
 * @throws ValidationError for what cannot run here: another runtime than Node.js, an image, an
 * archive, layers.
 */
export function functionDefinition(request: ResourceRequest): FunctionDefinition {
  const { properties, stack, logicalId } = request;
  const problems = new Problems();
  const runtime = String(properties.Runtime);
  problems.addIf(
    !runtime.startsWith('nodejs'),
    `'Runtime' must be a Node.js runtime to run here, got "${runtime}"; give a player for the function`,
  );
  problems.addIf(
    typeof properties.Handler !== 'string' || !properties.Handler.includes('.'),
    `'Handler' must be 'file.export', got ${kindOf(properties.Handler)}`,
  );
  problems.addIf(
    Array.isArray(properties.Layers) && properties.Layers.length > 0,
    "'Layers' cannot be used here, got some; ship what they hold in the function's code",
  );
  let code: FunctionDefinition['code'] = { inline: '' };
  problems.collect(() => {
    code = codeOf(request, problems);
  });
  problems.throwIfAny(`function "${logicalId}"`);
  const name = functionName(properties, stack, logicalId);
  const { partition, region, account } = stack;
  return {
    name,
    arn: `arn:${partition}:lambda:${region}:${account}:function:${name}`,
    region,
    handler: String(properties.Handler),
    code,
    environment: environmentOf(properties),
    timeoutSeconds: Number(properties.Timeout ?? 3),
    memoryMiB: Number(properties.MemorySize ?? 128),
  };
}

function codeOf(request: ResourceRequest, problems: Problems): FunctionDefinition['code'] {
  const code = recordOf(request.properties.Code);
  if (typeof code.ZipFile === 'string') return { inline: code.ZipFile };
  const { S3Bucket: bucket, S3Key: key } = code;
  if (typeof bucket !== 'string' || typeof key !== 'string') {
    problems.add(
      `'Code' must be an asset (S3Bucket and S3Key) or inline (ZipFile), got ${Object.keys(code).join(', ') || 'nothing'}; images cannot run here`,
    );
    return { inline: '' };
  }
  const asset = findAsset(request.assets, bucket, key, request.stack);
  problems.addIf(
    asset.packaging !== 'zip',
    `'Code' must be a directory asset, got the file ${asset.path}; give the directory instead of an archive`,
  );
  return { directory: asset.path };
}

function environmentOf(properties: PlainRecord): Readonly<Record<string, string>> {
  const { Variables: variables } = recordOf(properties.Environment);
  if (!isRecord(variables)) return {};
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, String(value)]),
  );
}

function functionName(properties: PlainRecord, stack: StackIdentity, logicalId: string): string {
  if (typeof properties.FunctionName === 'string') return properties.FunctionName;
  return `${stack.stackName}-${logicalId}`.slice(0, 64);
}
