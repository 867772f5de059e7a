import { PontoonError } from '../errors';
import type { Reader } from '../reader';
import type { Rule } from './names';
import type { EndpointSides } from './spec';

/**
 * What `spec` says of one side.
 *
 * @throws PontoonError with code ENDPOINT_UNKNOWN_SIDE for a server that is none of the two.
 */
export function sideOf<Side>(sides: EndpointSides<Side>, server: string): Side {
  const side = Object.hasOwn(sides, server) ? sides[server] : undefined;
  if (side !== undefined) return side;
  throw new PontoonError(
    'ENDPOINT_UNKNOWN_SIDE',
    `'server' must be a side of the endpoint, got '${server}'; name one of ${quoted(Object.keys(sides))}`,
  );
}

/** Reads a text for each side; `problemOf` says what is wrong with one. */
export function readTexts(
  reader: Reader,
  problemOf: (value: string) => Rule | undefined,
): Record<string, string> {
  return readSides(reader, (sides, server) => {
    const value = sides.text(server);
    refuseIf(sides, server, problemOf(value));
    return value;
  });
}

/** Reads exactly two sides. */
export function readSides<Side>(
  reader: Reader,
  read: (sides: Reader, server: string) => Side,
): Record<string, Side> {
  const sides = reader.object('sides', (inner) =>
    Object.fromEntries(
      Object.keys(inner.everything()).map((server) => [server, read(inner, server)]),
    ),
  );
  if (Object.keys(sides).length !== 2) {
    refuseSides(
      reader,
      `must be given for exactly two servers of the topology, got ${quoted(Object.keys(sides)) || 'none'}; an endpoint is switched between two`,
    );
  }
  return sides;
}

/** Refuses what has a problem. */
export function refuseIf(reader: Reader, key: string, problem: Rule | undefined): void {
  if (problem !== undefined) reader.refuse(key, ...problem);
}

/** Refuses two sides that are one. */
export function refuseSame(reader: Reader, values: readonly string[]): void {
  if (values.length === 2 && new Set(values).size < 2)
    refuseSides(reader, 'must differ, got the same twice; nobody could tell which one is active');
}

/** Never quotes what was given: somebody may have put a password there. */
export function refuseSides(reader: Reader, problem: string): void {
  reader.check('sides', (what) => [`'${what}' ${problem}`]);
}

/** Host names are the same in either case, and with a dot at their end. */
export function comparableHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ');
}
