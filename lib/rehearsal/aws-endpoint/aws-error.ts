import { PontoonError } from '../../postgres';

/** An error that an AWS service answers: `type` is its `__type`, such as `ResourceNotFoundException`. */
export class AwsServiceError extends PontoonError {
  constructor(
    public readonly type: string,
    message: string,
    /** The HTTP status of the answer. */
    public readonly status: number = 400,
  ) {
    super('AWS_SERVICE', message);
    this.name = 'AwsServiceError';
  }
}
