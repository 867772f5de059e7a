export type JsonValue = null | boolean | number | string | JsonValue[] | JsonRecord | undefined;
export interface JsonRecord {
  readonly [key: string]: JsonValue;
}

/** What a value of a template may turn out to be once CloudFormation has evaluated it. */
export type Branch =
  | { readonly kind: 'value'; readonly value: JsonValue }
  /** Known only at deployment. */
  | { readonly kind: 'computed' }
  /** `AWS::NoValue`: the property is as if it were not there. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'unknown'; readonly problem: (path: string) => string };

const FUNCTIONS = new Set([
  'Fn::And',
  'Fn::Base64',
  'Fn::Cidr',
  'Fn::Contains',
  'Fn::EachMemberEquals',
  'Fn::Equals',
  'Fn::FindInMap',
  'Fn::GetAtt',
  'Fn::GetAZs',
  'Fn::GetStackOutput',
  'Fn::If',
  'Fn::ImportValue',
  'Fn::Join',
  'Fn::Length',
  'Fn::Not',
  'Fn::Or',
  'Fn::Select',
  'Fn::Split',
  'Fn::Sub',
  'Fn::ToJsonString',
  'Fn::Transform',
]);

/** The branches of a value: both of an `Fn::If`, the value itself when it is no intrinsic. */
export function branchesOf(value: JsonValue): Branch[] {
  if (!isRecord(value)) return [{ kind: 'value', value }];
  const [name, ...others] = Object.keys(value);
  if (name === undefined || !(name === 'Ref' || name.startsWith('Fn::'))) {
    return [{ kind: 'value', value }];
  }
  if (others.length > 0 || !(name === 'Ref' || FUNCTIONS.has(name))) {
    const keys = Object.keys(value).join(', ');
    return [{ kind: 'unknown', problem: (path) => `'${path}' must be one intrinsic, got ${keys}` }];
  }
  if (name === 'Ref') return [{ kind: value.Ref === 'AWS::NoValue' ? 'absent' : 'computed' }];
  if (name !== 'Fn::If') return [{ kind: 'computed' }];
  const choice = value[name];
  return Array.isArray(choice) && choice.length === 3
    ? choice.slice(1).flatMap(branchesOf)
    : [{ kind: 'unknown', problem: (path) => `'${path}' must give 'Fn::If' three arguments` }];
}

/** Whether a value is a JSON object. */
export function isRecord(value: JsonValue): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as a message shows it. */
export function shown(value: JsonValue): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? 'nothing');
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The message about a value that is not what its place asks for. */
export function mismatch(path: string, expected: string, value: JsonValue): string {
  return `'${path}' must be ${expected}, got ${shown(value)}`;
}
