import { PontoonError } from '../../postgres';

/** A resource that could not be made, updated or deleted, as CloudFormation reports it. */
export class ResourceFailure extends PontoonError {
  constructor(
    message: string,
    /** Id of what is there nevertheless; it is deleted or updated back by the rollback. */
    public readonly physicalId: string | undefined,
    options?: { readonly cause?: unknown },
  ) {
    super('RESOURCE_FAILED', message, options);
    this.name = 'ResourceFailure';
  }
}
