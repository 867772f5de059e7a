import { Problems } from '../../postgres';
import { isRecord, kindOf, type PlainRecord } from '../assembly';
import type { CustomResourceEvent } from './custom-resource-event';

/** A checked answer of a custom resource's function. */
export interface CustomResourceAnswer {
  readonly status: 'SUCCESS' | 'FAILED';
  readonly reason: string;
  readonly physicalId: string | undefined;
  readonly data: PlainRecord;
  /** Whether the data is secret. */
  readonly noEcho: boolean;
}

/**
 * Reads an answer and checks it as CloudFormation does.
 *
 * @throws ValidationError with all that is wrong.
 */
export function parseAnswer(body: string, event: CustomResourceEvent): CustomResourceAnswer {
  const problems = new Problems();
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    problems.add('the answer must be JSON, got something else');
    problems.throwIfAny('invalid answer');
  }
  if (!isRecord(answer)) {
    problems.add(`the answer must be an object, got ${kindOf(answer)}`);
    answer = {};
  }
  const record = answer as PlainRecord;
  checkAnswer(record, event, problems);
  problems.throwIfAny('invalid answer');
  const { PhysicalResourceId: physicalId, Data: data, Reason: reason } = record;
  return {
    status: record.Status === 'SUCCESS' ? 'SUCCESS' : 'FAILED',
    reason: typeof reason === 'string' ? reason : '',
    physicalId: typeof physicalId === 'string' && physicalId !== '' ? physicalId : undefined,
    data: isRecord(data) ? data : {},
    noEcho: record.NoEcho === true || record.NoEcho === 'true',
  };
}

function checkAnswer(answer: PlainRecord, event: CustomResourceEvent, problems: Problems): void {
  const { Status: status, Reason: reason, PhysicalResourceId: physicalId, Data: data } = answer;
  problems.addIf(
    status !== 'SUCCESS' && status !== 'FAILED',
    `'Status' must be SUCCESS or FAILED, got ${typeof status === 'string' ? `"${status}"` : kindOf(status)}`,
  );
  for (const name of ['StackId', 'RequestId', 'LogicalResourceId'] as const) {
    problems.addIf(
      answer[name] !== event[name],
      `'${name}' must be copied from the event, got ${kindOf(answer[name])} that differs`,
    );
  }
  problems.addIf(
    status === 'FAILED' && (typeof reason !== 'string' || reason === ''),
    `'Reason' must be given when 'Status' is FAILED, got ${kindOf(reason)}`,
  );
  problems.addIf(
    status === 'SUCCESS' && (typeof physicalId !== 'string' || physicalId === ''),
    `'PhysicalResourceId' must be a string that is not empty, got ${kindOf(physicalId)}`,
  );
  problems.addIf(
    typeof physicalId === 'string' && Buffer.byteLength(physicalId) > 1024,
    `'PhysicalResourceId' must have 1024 bytes at most, got more`,
  );
  problems.addIf(
    data !== undefined && data !== null && !isRecord(data),
    `'Data' must be an object, got ${kindOf(data)}`,
  );
}
