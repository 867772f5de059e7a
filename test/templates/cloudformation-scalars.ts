import type { PropertyType } from '@aws-cdk/service-spec-types';
import { isRecord, type JsonValue, mismatch } from './intrinsics';

type Scalar = Exclude<PropertyType, { type: 'array' | 'map' | 'tag' | 'ref' | 'union' }>;

/** CloudFormation turns scalars into one another: `"5"` is an integer, `true` is a string. */
export function checkScalar(value: JsonValue, type: Scalar, path: string): string[] {
  const wanted = describe(value, type);
  return wanted === undefined ? [] : [mismatch(path, wanted, value)];
}

/** What the type asks for, when the value is not that. */
function describe(value: JsonValue, type: Scalar): string | undefined {
  const text = typeof value === 'object' ? '' : String(value);
  const isText = typeof value !== 'object' && value !== undefined;
  switch (type.type) {
    case 'string':
      return isText ? outside(text, type.allowedValues) : 'a string';
    case 'integer':
      return /^-?\d+$/.test(text) ? outside(text, type.allowedValues?.map(String)) : 'an integer';
    case 'number':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? undefined : 'a number';
    case 'boolean':
      return text === 'true' || text === 'false' ? undefined : 'a boolean';
    case 'date-time':
      return Number.isNaN(Date.parse(text)) ? 'a date' : undefined;
    case 'json':
      return isRecord(value) || Array.isArray(value) || isJson(text) ? undefined : 'JSON';
    case 'null':
      return value === null ? undefined : 'null';
  }
}

function outside(text: string, allowed: string[] | undefined): string | undefined {
  return allowed && !allowed.includes(text) ? `one of ${allowed.join(', ')}` : undefined;
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object';
  } catch {
    return false;
  }
}
