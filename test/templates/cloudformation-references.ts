import type { Resource } from '@aws-cdk/service-spec-types';
import { isRecord, type JsonRecord, type JsonValue, shown } from './intrinsics';

type SchemaOf = (type: string) => Resource | undefined;

interface Names {
  readonly resources: JsonRecord;
  readonly parameters: JsonRecord;
  readonly conditions: JsonRecord;
  readonly mappings: JsonRecord;
  readonly schemaOf: SchemaOf;
}

const PSEUDO_PARAMETERS = new Set([
  'AWS::AccountId',
  'AWS::NoValue',
  'AWS::NotificationARNs',
  'AWS::Partition',
  'AWS::Region',
  'AWS::StackId',
  'AWS::StackName',
  'AWS::URLSuffix',
]);

const NESTED = new Set(['AWS::CloudFormation::Stack', 'AWS::Serverless::Application']);

/** The references of a template that lead nowhere: `Ref`, `Fn::GetAtt`, `Fn::Sub`, conditions. */
export function checkReferences(template: JsonRecord, schemaOf: SchemaOf): string[] {
  const names: Names = {
    resources: section(template, 'Resources'),
    parameters: section(template, 'Parameters'),
    conditions: section(template, 'Conditions'),
    mappings: section(template, 'Mappings'),
    schemaOf,
  };
  return [
    ...['Resources', 'Outputs', 'Conditions'].flatMap((name) =>
      walk(section(template, name), name, names),
    ),
    ...Object.entries(names.resources).flatMap(([id, resource]) =>
      isRecord(resource) ? checkAttributes(id, resource, names) : [],
    ),
  ];
}

function section(template: JsonRecord, name: string): JsonRecord {
  const found = template[name];
  return isRecord(found) ? found : {};
}

function checkAttributes(id: string, resource: JsonRecord, names: Names): string[] {
  const dependencies = [resource.DependsOn ?? []].flat();
  return [
    ...dependencies
      .filter((name) => typeof name !== 'string' || !(name in names.resources))
      .map((name) => `'${id}.DependsOn' must name a resource, got ${shown(name)}`),
    ...checkCondition(resource.Condition, `${id}.Condition`, names),
  ];
}

function walk(value: JsonValue, path: string, names: Names): string[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => walk(item, `${path}[${i}]`, names));
  if (!isRecord(value)) return [];
  return [
    ...checkReference(value, path, names),
    ...Object.entries(value).flatMap(([key, child]) => walk(child, `${path}.${key}`, names)),
  ];
}

function checkReference(value: JsonRecord, path: string, names: Names): string[] {
  const [name, ...others] = Object.keys(value);
  if (name === undefined || others.length > 0) return [];
  const argument = value[name];
  switch (name) {
    case 'Ref':
      return isReferable(argument, names)
        ? []
        : [`'${path}.Ref' must name a resource or parameter, got ${shown(argument)}`];
    case 'Fn::GetAtt':
      return checkAttribute(argument, `${path}.Fn::GetAtt`, names);
    case 'Fn::Sub':
      return checkSubstitution(argument, `${path}.Fn::Sub`, names);
    case 'Fn::If':
      return checkCondition(Array.isArray(argument) ? argument[0] : null, `${path}.Fn::If`, names);
    case 'Fn::FindInMap': {
      const map = Array.isArray(argument) ? argument[0] : null;
      return isRecord(map) || (typeof map === 'string' && map in names.mappings)
        ? []
        : [`'${path}.Fn::FindInMap' must name a mapping, got ${shown(map)}`];
    }
    default:
      return [];
  }
}

function isReferable(name: JsonValue, { resources, parameters }: Names): boolean {
  return (
    typeof name === 'string' &&
    (name in resources || name in parameters || PSEUDO_PARAMETERS.has(name))
  );
}

function checkCondition(name: JsonValue, path: string, { conditions }: Names): string[] {
  if (name === undefined || (typeof name === 'string' && name in conditions)) return [];
  return [`'${path}' must name a condition, got ${shown(name)}`];
}

function checkAttribute(argument: JsonValue, path: string, names: Names): string[] {
  const [id, attribute] = typeof argument === 'string' ? splitOnce(argument) : asPair(argument);
  const resource = typeof id === 'string' ? names.resources[id] : undefined;
  if (!isRecord(resource)) return [`'${path}' must name a resource, got ${shown(argument)}`];
  if (typeof attribute !== 'string' || typeof resource.Type !== 'string') return [];

  // What a custom resource or a nested stack gives back, only its author knows.
  if (/^(Custom::|AWS::CloudFormation::CustomResource$)/.test(resource.Type)) return [];
  if (NESTED.has(resource.Type) && attribute.startsWith('Outputs.')) return [];
  const schema = names.schemaOf(resource.Type);
  if (!schema || attribute in schema.attributes) return [];
  return [
    `'${path}' must name an attribute of ${resource.Type}, got '${attribute}'; it has ${
      Object.keys(schema.attributes).sort().join(', ') || 'none'
    }`,
  ];
}

function asPair(argument: JsonValue): [JsonValue, JsonValue] {
  return Array.isArray(argument) ? [argument[0], argument[1]] : [undefined, undefined];
}

function splitOnce(text: string): [string, string | undefined] {
  const dot = text.indexOf('.');
  return dot === -1 ? [text, undefined] : [text.slice(0, dot), text.slice(dot + 1)];
}

function checkSubstitution(argument: JsonValue, path: string, names: Names): string[] {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
  if (typeof text !== 'string') return [`'${path}' must hold a text, got ${shown(argument)}`];
  const own = isRecord(variables) ? variables : {};
  return [...text.matchAll(/\$\{(?!!)([^}]+)\}/g)]
    .map((match) => (match[1] ?? '').trim())
    .filter((name) => !(name in own))
    .flatMap((name) => {
      if (isReferable(name, names)) return [];
      return name.includes('.')
        ? checkAttribute(name, path, names)
        : [`'${path}' must name a resource or parameter, got '${name}'`];
    });
}
