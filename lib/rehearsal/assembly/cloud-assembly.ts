import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PontoonError } from '../../postgres';
import { type FileAsset, readAssets } from './assets';
import { recordOf } from './plain-data';
import { parseTemplate, type Template } from './template';

/** One stack of a cloud assembly. */
export interface AssemblyStack {
  /** Id of the stack's artifact; unique in its (nested) assembly. */
  readonly artifactId: string;
  /** Path of the stack in the construct tree, such as `Prod/Network`. */
  readonly displayName: string;
  readonly stackName: string;
  /** Twelve digits; undefined for a stack that is deployed to whichever account is current. */
  readonly account: string | undefined;
  /** Undefined for a stack that is deployed to whichever region is current. */
  readonly region: string | undefined;
  readonly template: Template;
  /** Absolute path of the template. */
  readonly templateFile: string;
  /** Values that the assembly gives to the template's parameters. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** What `cdk synth` wrote: stacks in the order in which they are deployed, and their assets. */
export interface CloudAssembly {
  readonly directory: string;
  readonly stacks: readonly AssemblyStack[];
  /** File assets of all stages. */
  readonly assets: readonly FileAsset[];
}

interface Artifact {
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly environment: string;
  readonly displayName: string;
  readonly dependencies: readonly string[];
}

/**
 * Reads a cloud assembly from its directory (`cdk.out`), nested assemblies of stages included.
 *
 * @throws PontoonError if there is no manifest; ValidationError for a malformed template.
 */
export function readCloudAssembly(directory: string): CloudAssembly {
  const root = resolve(directory);
  const stacks: AssemblyStack[] = [];
  const assets: FileAsset[] = [];
  for (const artifact of inOrder(readArtifacts(root))) {
    const { properties } = artifact;
    if (artifact.type === 'cdk:cloud-assembly') {
      const nested = readCloudAssembly(join(root, String(properties.directoryName)));
      stacks.push(...nested.stacks);
      assets.push(...nested.assets);
    } else if (artifact.type === 'cdk:asset-manifest') {
      assets.push(...readAssets(root, String(properties.file)));
    } else if (artifact.type === 'aws:cloudformation:stack') {
      stacks.push(stackOf(root, artifact));
    }
  }
  return { directory: root, stacks, assets };
}

/**
 * Finds a stack by its name, or by its path in the construct tree.
 *
 * @throws PontoonError that lists the stacks there are.
 */
export function findStack(assembly: CloudAssembly, name: string): AssemblyStack {
  const found =
    assembly.stacks.find((stack) => stack.stackName === name) ??
    assembly.stacks.find((stack) => stack.displayName === name);
  if (found !== undefined) return found;
  const known = assembly.stacks.map((stack) => `"${stack.stackName}"`).join(', ');
  throw new PontoonError(
    'ASSEMBLY',
    `stack "${name}" must be in the cloud assembly, got ${known === '' ? 'no stacks' : known}; name one of them or synthesize again`,
  );
}

/** Reads and checks a template file. */
export function readTemplate(file: string): Template {
  return parseTemplate(JSON.parse(readFileSync(file, 'utf8')), `template ${file}`);
}

function readArtifacts(directory: string): readonly Artifact[] {
  const file = join(directory, 'manifest.json');
  if (!existsSync(file)) {
    throw new PontoonError(
      'ASSEMBLY',
      `directory "${directory}" must be a cloud assembly, got no manifest.json in it; run cdk synth first`,
    );
  }
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
  return Object.entries(recordOf(recordOf(manifest).artifacts)).map(([id, value]) => {
    const entry = recordOf(value);
    return {
      id,
      type: String(entry.type),
      properties: recordOf(entry.properties),
      environment: String(entry.environment ?? ''),
      displayName: String(entry.displayName ?? id),
      dependencies: [entry.dependencies ?? []].flat().map(String),
    };
  });
}

function inOrder(artifacts: readonly Artifact[]): readonly Artifact[] {
  const byId = new Map(artifacts.map((artifact) => [artifact.id, artifact]));
  const order = new Set<Artifact>();
  const visit = (artifact: Artifact, path: readonly string[]): void => {
    if (order.has(artifact)) return;
    if (path.includes(artifact.id)) {
      throw new PontoonError(
        'ASSEMBLY',
        `stacks cannot depend on each other in a cycle, got ${[...path, artifact.id].join(' → ')}`,
      );
    }
    for (const id of artifact.dependencies) {
      const dependency = byId.get(id);
      if (dependency !== undefined) visit(dependency, [...path, artifact.id]);
    }
    order.add(artifact);
  };
  for (const artifact of artifacts) visit(artifact, []);
  return [...order];
}

function stackOf(directory: string, artifact: Artifact): AssemblyStack {
  const templateFile = join(directory, String(artifact.properties.templateFile));
  const [, account, region] = /^aws:\/\/([^/]+)\/(.+)$/.exec(artifact.environment) ?? [];
  return {
    artifactId: artifact.id,
    displayName: artifact.displayName,
    stackName: String(artifact.properties.stackName ?? artifact.id),
    account: account === 'unknown-account' ? undefined : account,
    region: region === 'unknown-region' ? undefined : region,
    template: readTemplate(templateFile),
    templateFile,
    parameters: Object.fromEntries(
      Object.entries(recordOf(artifact.properties.parameters)).map(([key, value]) => [
        key,
        String(value),
      ]),
    ),
  };
}
