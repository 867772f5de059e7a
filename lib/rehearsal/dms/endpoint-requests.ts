import { isJsonObject, type JsonObject } from './json-reader';

const PAGE_SIZE = 100;

/** An error as the DMS API answers it; `__type` is what an SDK makes its exception of. */
export class DmsFault extends Error {
  constructor(
    /** The shape of the AWS error, such as `InvalidResourceStateFault`. */
    public readonly __type: string,
    message: string,
  ) {
    super(message);
    this.name = 'DmsFault';
  }
}

/** The items that all of the request's Filters let through; `readers` read what a filter compares. */
export function filtered<Item>(
  items: readonly Item[],
  request: JsonObject,
  readers: Readonly<Record<string, (item: Item) => string | readonly string[]>>,
): readonly Item[] {
  return list(request.Filters).reduce<readonly Item[]>((left, filter) => {
    const { Name, Values } = object(filter);
    const read = typeof Name === 'string' ? readers[Name] : undefined;
    if (read === undefined) {
      throw new DmsFault(
        'InvalidParameterValueException',
        `the DMS stand-in does not know the filter ${JSON.stringify(Name)}`,
      );
    }
    return left.filter((item) => [read(item)].flat().some((value) => list(Values).includes(value)));
  }, items);
}

/** A page of `items`: `Marker` is the index to go on from. */
export function paged<Item>(
  items: readonly Item[],
  request: JsonObject,
): { page: readonly Item[]; marker: { Marker?: string } } {
  const start = Number(request.Marker ?? 0);
  const size = Number(request.MaxRecords ?? PAGE_SIZE);
  const end = start + size;
  return {
    page: items.slice(start, end),
    marker: end < items.length ? { Marker: String(end) } : {},
  };
}

/** `value` as an object; empty if it is none. */
export function object(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** `value` as a list; empty if it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A required text of the request. */
export function text(request: JsonObject, key: string): string {
  const value = request[key];
  if (typeof value === 'string' && value !== '') return value;
  throw new DmsFault('InvalidParameterValueException', `${key} is required`);
}
