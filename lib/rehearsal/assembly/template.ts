import { Problems } from '../../postgres';
import { isRecord, kindOf, type PlainRecord, recordOf } from './plain-data';

/** One resource of a template, its properties not yet evaluated. */
export interface TemplateResource {
  readonly logicalId: string;
  /** CloudFormation type, such as `AWS::Lambda::Function`. */
  readonly type: string;
  readonly properties: PlainRecord;
  readonly dependsOn: readonly string[];
  /** Name of the condition without which the resource is not made. */
  readonly condition: string | undefined;
  readonly deletionPolicy: string;
  readonly updateReplacePolicy: string;
  readonly metadata: PlainRecord;
}

/** One parameter of a template. */
export interface TemplateParameter {
  readonly type: string;
  readonly defaultValue: unknown;
}

/** One output of a template, its value not yet evaluated. */
export interface TemplateOutput {
  readonly value: unknown;
  readonly exportName: unknown;
  readonly condition: string | undefined;
}

/** A CloudFormation template as plain data. */
export interface Template {
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly parameters: ReadonlyMap<string, TemplateParameter>;
  readonly conditions: ReadonlyMap<string, unknown>;
  readonly mappings: ReadonlyMap<string, unknown>;
  readonly outputs: ReadonlyMap<string, TemplateOutput>;
  readonly transforms: readonly string[];
  readonly metadata: PlainRecord;
}

/**
 * Reads a template that was parsed from JSON; `subject` names it in errors.
 * Sections that neither make nor name anything (`Rules`, `Description`, `Hooks`) are left out.
 *
 * @throws ValidationError with everything that is malformed.
 */
export function parseTemplate(json: unknown, subject: string): Template {
  const problems = new Problems();
  const root = recordOf(json);
  problems.addIf(!isRecord(json), `the template must be a JSON object, got ${kindOf(json)}`);
  const transforms = [root.Transform ?? []].flat().map((entry) => String(entry));
  const foreign = transforms.filter((name) => name !== 'AWS::LanguageExtensions');
  problems.addIf(
    foreign.length > 0,
    `'Transform' cannot be played, got ${foreign.map((name) => `"${name}"`).join(', ')}; only "AWS::LanguageExtensions" is, synthesize without the others`,
  );
  const template: Template = {
    resources: section(root, 'Resources', problems, resourceOf),
    parameters: section(root, 'Parameters', problems, (_name, entry) => ({
      type: String(entry.Type ?? 'String'),
      defaultValue: entry.Default,
    })),
    conditions: new Map(Object.entries(recordOf(root.Conditions))),
    mappings: new Map(Object.entries(recordOf(root.Mappings))),
    outputs: section(root, 'Outputs', problems, (_name, entry) => ({
      value: entry.Value,
      exportName: recordOf(entry.Export).Name,
      condition: optionalText(entry.Condition),
    })),
    transforms,
    metadata: recordOf(root.Metadata),
  };
  problems.throwIfAny(subject);
  return template;
}

function section<T>(
  root: PlainRecord,
  name: string,
  problems: Problems,
  read: (key: string, entry: PlainRecord, problems: Problems) => T,
): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const [key, entry] of Object.entries(recordOf(root[name]))) {
    if (isRecord(entry)) found.set(key, read(key, entry, problems));
    else problems.add(`'${name}.${key}' must be an object, got ${kindOf(entry)}`);
  }
  return found;
}

function resourceOf(logicalId: string, entry: PlainRecord, problems: Problems): TemplateResource {
  problems.addIf(
    typeof entry.Type !== 'string',
    `'Resources.${logicalId}.Type' must be a string, got ${kindOf(entry.Type)}`,
  );
  return {
    logicalId,
    type: String(entry.Type),
    properties: recordOf(entry.Properties),
    dependsOn: [entry.DependsOn ?? []].flat().map((name) => String(name)),
    condition: optionalText(entry.Condition),
    deletionPolicy: String(entry.DeletionPolicy ?? 'Delete'),
    updateReplacePolicy: String(entry.UpdateReplacePolicy ?? 'Delete'),
    metadata: recordOf(entry.Metadata),
  };
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
