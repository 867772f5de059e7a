/** An error as a service of OCI answers it. */
export class OciServiceError extends Error {
  constructor(
    public readonly status: number,
    /** Its name, such as `NotAuthorizedOrNotFound`. */
    public readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'OciServiceError';
  }
}

/** What is asked for is not there, or is nobody's business: OCI does not tell which. */
export function notFound(what: string): OciServiceError {
  return new OciServiceError(404, 'NotAuthorizedOrNotFound', `${what} was not found`);
}

/** Somebody else changed it since it was read. */
export function noMatch(what: string): OciServiceError {
  return new OciServiceError(412, 'NoEtagMatch', `${what} has another etag by now`);
}
