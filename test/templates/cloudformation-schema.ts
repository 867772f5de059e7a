import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { Property, PropertyType, Resource, SpecDatabase } from '@aws-cdk/service-spec-types';
import { checkReferences } from './cloudformation-references';
import { checkScalar } from './cloudformation-scalars';
import { DOCUMENTED_ENUMERATIONS } from './documented-enumerations';
import {
  type Branch,
  branchesOf,
  isRecord,
  type JsonRecord,
  type JsonValue,
  mismatch,
} from './intrinsics';

/** What an object may hold, and the name under which AWS documents it. */
interface Shape {
  readonly name: string;
  readonly properties: Readonly<Record<string, Property>>;
  /** Whether it may hold more than is listed. */
  readonly open: boolean;
}

const RESOURCE_KEYS = new Set([
  'Type',
  'Properties',
  'Metadata',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'CreationPolicy',
  'UpdatePolicy',
]);

const CUSTOM_RESOURCE = 'AWS::CloudFormation::CustomResource';

// The CDK CLI's own marker has no schema anywhere.
const WITHOUT_SCHEMA = new Set(['AWS::CDK::Metadata']);

const TAG: Shape = {
  name: 'Tag',
  properties: {
    Key: { type: { type: 'string' }, required: true },
    Value: { type: { type: 'string' }, required: true },
  },
  open: false,
};

let loaded: SpecDatabase | undefined;

/**
 * The mistakes in a template that CloudFormation's own schemas know of: resource types, properties
 * and references that do not exist, required properties that are missing, values of a wrong type
 * or outside of an enumeration. An intrinsic function may stand anywhere; both branches of an
 * `Fn::If` are checked. Properties of `Custom::*` are free, but for the two of CloudFormation.
 *
 * The schemas hold no patterns and no ranges; few enumerations, so some are added from AWS's prose.
 */
export function checkTemplate(template: object): string[] {
  const { Resources: resources } = template as { Resources?: JsonValue };
  if (!isRecord(resources)) return [mismatch('Resources', 'an object', resources)];
  return [
    ...Object.entries(resources).flatMap(([id, resource]) =>
      isRecord(resource) ? checkResource(resource, id) : [mismatch(id, 'an object', resource)],
    ),
    ...checkReferences(template as JsonRecord, schemaOf),
  ];
}

function checkResource(resource: JsonRecord, id: string): string[] {
  const strangers = Object.keys(resource)
    .filter((key) => !RESOURCE_KEYS.has(key))
    .map((key) => `'${id}' cannot have the attribute '${key}'`);
  return [...strangers, ...checkAgainstSchema(resource, id)];
}

function checkAgainstSchema({ Type: type, Properties: properties }: JsonRecord, id: string) {
  if (typeof type !== 'string') return [mismatch(`${id}.Type`, 'a string', type)];
  if (WITHOUT_SCHEMA.has(type)) return [];

  const schema = schemaOf(type);
  if (!schema) return [mismatch(`${id}.Type`, 'a type that CloudFormation knows', type)];
  const shape: Shape = {
    name: type,
    properties: schema.properties,
    open: schema.cloudFormationType === CUSTOM_RESOURCE,
  };
  return branchesOf(properties ?? {}).flatMap((branch) =>
    checkBranch(branch, `${id}.Properties`, (value, path) => checkObject(value, shape, path)),
  );
}

/** The schema of a resource type; every `Custom::*` has that of a custom resource. */
function schemaOf(type: string): Resource | undefined {
  const name = type.startsWith('Custom::') ? CUSTOM_RESOURCE : type;
  return [...database().lookup('resource', 'cloudFormationType', 'equals', name)][0];
}

function database(): SpecDatabase {
  loaded ??= loadAwsServiceSpecSync();
  return loaded;
}

function checkBranch(
  branch: Branch,
  path: string,
  check: (value: JsonValue, path: string) => string[],
): string[] {
  if (branch.kind === 'unknown') return [branch.problem(path)];
  return branch.kind === 'value' ? check(branch.value, path) : [];
}

function checkObject(value: JsonValue, shape: Shape, path: string): string[] {
  if (!isRecord(value)) return [mismatch(path, 'an object', value)];
  const missing = Object.entries(shape.properties)
    .filter(([name, property]) => property.required && isAbsent(value[name]))
    .map(([name]) => `'${path}.${name}' is required`);
  const wrong = Object.entries(value).flatMap(([name, child]) => {
    const type = typeOf(shape, name);
    if (type) return checkValue(child, type, `${path}.${name}`);
    return shape.open ? [] : [`'${path}.${name}' is not a property that CloudFormation knows`];
  });
  return [...missing, ...wrong];
}

function typeOf({ name, properties }: Shape, property: string): PropertyType | undefined {
  const type = properties[property]?.type;
  const documented = DOCUMENTED_ENUMERATIONS[`${name}.${property}`];
  if (type?.type !== 'string' || !documented) return type;
  return { type: 'string', allowedValues: type.allowedValues ?? [...documented] };
}

function isAbsent(value: JsonValue): boolean {
  return value === undefined || branchesOf(value).some((branch) => branch.kind === 'absent');
}

function checkValue(value: JsonValue, type: PropertyType, path: string): string[] {
  return branchesOf(value).flatMap((branch) =>
    checkBranch(branch, path, (plain) => checkPlain(plain, type, path)),
  );
}

function checkPlain(value: JsonValue, type: PropertyType, path: string): string[] {
  switch (type.type) {
    case 'array':
      if (!Array.isArray(value)) return [mismatch(path, 'a list', value)];
      return value.flatMap((item, i) => checkValue(item, type.element, `${path}[${i}]`));
    case 'map':
      if (!isRecord(value)) return [mismatch(path, 'an object', value)];
      return Object.entries(value).flatMap(([key, item]) =>
        checkValue(item, type.element, `${path}.${key}`),
      );
    case 'tag':
      return checkObject(value, TAG, path);
    case 'ref': {
      const { name, properties } = database().get('typeDefinition', type.reference.$ref);
      // A definition without properties is one whose content AWS leaves open.
      const open = Object.keys(properties).length === 0;
      return checkObject(value, { name, properties, open }, path);
    }
    case 'union':
      return checkUnion(value, type.types, path);
    default:
      return checkScalar(value, type, path);
  }
}

/** One member must fit; when none does, the mistakes of the nearest one are told. */
function checkUnion(value: JsonValue, types: PropertyType[], path: string): string[] {
  const attempts = types.map((type) => checkPlain(value, type, path));
  return attempts.sort((a, b) => a.length - b.length)[0] ?? [];
}
