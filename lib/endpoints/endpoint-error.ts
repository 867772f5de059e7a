import { describeEndpoint, type EndpointSpec, endpointServers, PontoonError } from '../postgres';

/** What an adapter says of one side, as the service knows it. */
export type Describe = (server: string) => string;

/** An endpoint that leads to neither side: it is not ours to change. */
export function unknownSide(spec: EndpointSpec, describe: Describe, found: string): PontoonError {
  const sides = endpointServers(spec).map((server) => `${describe(server)} (${server})`);
  return new PontoonError(
    'ENDPOINT_UNKNOWN_SIDE',
    `${describeEndpoint(spec)} must lead to ${sides.join(' or ')}, got ${found}; nothing was changed: set it to one of the two, or correct 'sides'`,
  );
}

/** A service that cannot be asked, or that refuses. */
export function unavailable(spec: EndpointSpec, error: unknown, wayOut: string): PontoonError {
  return new PontoonError(
    'ENDPOINT_UNAVAILABLE',
    `${describeEndpoint(spec)} must be readable and changeable, got ${reasonOf(error)}; ${wayOut}`,
    error instanceof Error ? { cause: error } : {},
  );
}

/** A switch that did not come to its end; `got` may have a cause. */
export function notSwitched(
  spec: EndpointSpec,
  server: string,
  got: string,
  wayOut: string,
  cause?: unknown,
): PontoonError {
  return new PontoonError(
    'ENDPOINT_NOT_SWITCHED',
    `${describeEndpoint(spec)} must lead to '${server}', got ${got}; ${wayOut}`,
    cause === undefined ? {} : { cause },
  );
}

/** An error in a few words: the service's name for it, and what it says. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { serviceCode } = error as { readonly serviceCode?: unknown };
  return `${typeof serviceCode === 'string' ? serviceCode : error.name}: ${error.message}`;
}

/** Whether a service answered with one of `names`. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name);
}

/**
 * Calls a service. What it answers is thrown as ENDPOINT_UNAVAILABLE, with the rights that are needed when they are
 * missing; what the caller's signal ended stays what it is.
 */
export async function asking<Answer>(
  { spec, service, actions }: Asked,
  signal: AbortSignal | undefined,
  call: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    signal?.throwIfAborted();
    throw unavailable(
      spec,
      error,
      isRefused(error)
        ? `allow ${actions.join(', ')}`
        : `give region and credentials, and make the endpoint of ${service} reachable from here`,
    );
  }
}

/** Whether rights are missing. OCI does not tell that apart from a thing that is not there. */
function isRefused(error: unknown): boolean {
  const { serviceCode } = error as { readonly serviceCode?: unknown };
  return (
    isNamed(error, 'AccessDenied', 'AccessDeniedException', 'AccessDeniedFault') ||
    serviceCode === 'NotAuthorizedOrNotFound'
  );
}

/** Whom a call asks. */
export interface Asked {
  readonly spec: EndpointSpec;
  /** The service's name. */
  readonly service: string;
  /** The rights that all its calls need. */
  readonly actions: readonly string[];
}
