import { performance } from 'node:perf_hooks';
import type { TemplateResource } from '../assembly';
import type { DrivenOutcome } from './resource-driver';
import type { ResourceOutcome } from './resource-player';
import type { StackEvent } from './stack-state';

/** Whom a {@link StackEvent} is about. */
export interface EventSubject {
  readonly stackName: string;
  readonly resource: TemplateResource;
  readonly action: StackEvent['action'];
}

/** Runs something on a resource and emits what happened, with how long it took. */
export async function timed<T extends DrivenOutcome | undefined>(
  emit: (event: StackEvent) => void,
  subject: EventSubject,
  current: ResourceOutcome | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const begin = performance.now();
  const report = (
    status: StackEvent['status'],
    physicalId: string | undefined,
    reason?: string,
  ): void => {
    const seconds = status === 'IN_PROGRESS' ? 0 : (performance.now() - begin) / 1000;
    emit(eventOf(subject, { status, physicalId, reason, seconds }));
  };
  report('IN_PROGRESS', current?.physicalId);
  try {
    const result = await run();
    report('COMPLETE', result?.outcome?.physicalId ?? current?.physicalId);
    return result;
  } catch (error) {
    report('FAILED', current?.physicalId, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

/** An event about a subject. */
export function eventOf(
  subject: EventSubject,
  what: Pick<StackEvent, 'status' | 'physicalId' | 'reason' | 'seconds'>,
): StackEvent {
  const { logicalId, type } = subject.resource;
  return { stackName: subject.stackName, logicalId, type, action: subject.action, ...what };
}
