import { PontoonError, Problems } from '../../postgres';
import { recordOf } from '../assembly';
import { ResourceFailure } from './resource-failure';
import type { ResourceOutcome, ResourcePlayers, ResourceRequest } from './resource-player';
import type { Drop, ResponseServer } from './response-server';

/** Signals of one handle, in the order of their arrival, by their unique id. */
interface Handle {
  readonly drop: Drop;
  readonly data: Map<string, string>;
  /** Why the condition fails; undefined while it does not. */
  failure: string | undefined;
  /** Told of each signal. */
  changed: () => void;
}

/**
 * Plays wait conditions: the handle's URL takes signals from whatever boots here, and the
 * condition waits for as many as it counts. They can be made but not updated, as in CloudFormation.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-waitcondition.html
 */
export function waitConditionPlayers(server: ResponseServer): ResourcePlayers {
  const handles = new Map<string, Handle>();
  return {
    'AWS::CloudFormation::WaitConditionHandle': {
      create: async (request) => {
        const handle = openHandle(server, request);
        handles.set(handle.drop.url, handle);
        return { physicalId: handle.drop.url, attributes: {} };
      },
      update: async (_request, previous) => previous,
      delete: async (_request, { physicalId }) => {
        handles.get(physicalId)?.drop.close();
        handles.delete(physicalId);
      },
    },
    'AWS::CloudFormation::WaitCondition': {
      create: async (request) => awaitSignals(request, handles.get(handleOf(request))),
      update: async ({ logicalId }) => {
        throw new PontoonError(
          'RESOURCE_FAILED',
          `wait condition "${logicalId}" cannot be updated, since CloudFormation refuses it; give it another logical id`,
        );
      },
    },
  };
}

function openHandle(server: ResponseServer, request: ResourceRequest): Handle {
  const data = new Map<string, string>();
  const handle: Handle = {
    data,
    failure: undefined,
    changed: () => undefined,
    drop: server.open([request.stack.stackId, request.logicalId], {
      receive: (body) => {
        readSignal(body, handle);
        handle.changed();
      },
      reject: (error) => {
        handle.failure ??= error.message;
        handle.changed();
      },
    }),
  };
  return handle;
}

function readSignal(body: string, handle: Handle): void {
  let signal: unknown;
  try {
    signal = JSON.parse(body);
  } catch {
    handle.failure ??= 'a signal must be JSON, got something else';
    return;
  }
  const { Status: status, UniqueId: id, Reason: reason, Data: data } = recordOf(signal);
  if (typeof id !== 'string' || (status !== 'SUCCESS' && status !== 'FAILURE')) {
    handle.failure ??= "a signal must have a 'UniqueId', and SUCCESS or FAILURE as its 'Status'";
  } else if (status === 'FAILURE') {
    handle.failure ??= `signal "${id}" says: ${typeof reason === 'string' ? reason : 'no reason given'}`;
  } else if (!handle.data.has(id)) {
    handle.data.set(id, typeof data === 'string' ? data : '');
  }
}

async function awaitSignals(
  request: ResourceRequest,
  handle: Handle | undefined,
): Promise<ResourceOutcome> {
  const { logicalId, properties, stack } = request;
  const physicalId = `${stack.stackId}/${logicalId}`;
  const count = Number(properties.Count ?? 1);
  const seconds = Number(properties.Timeout);
  const problems = new Problems();
  problems.addIf(
    !(seconds >= 1 && seconds <= 43_200),
    `'Timeout' must be a number of seconds from 1 to 43200, got ${properties.Timeout}`,
  );
  problems.addIf(
    handle === undefined,
    "'Handle' must be the reference of a wait condition handle, got something else",
  );
  problems.throwIfAny(`wait condition "${logicalId}"`);
  if (handle !== undefined && (await signalled(handle, count, seconds))) {
    return { physicalId, attributes: { Data: JSON.stringify(Object.fromEntries(handle.data)) } };
  }
  throw new ResourceFailure(
    handle?.failure ??
      `wait condition "${logicalId}" requires ${count} signals within ${seconds} s, got ${handle?.data.size}`,
    physicalId,
  );
}

async function signalled(handle: Handle, count: number, seconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), seconds * 1000);
    handle.changed = () => {
      if (handle.failure === undefined && handle.data.size < count) return;
      clearTimeout(timer);
      resolve(handle.failure === undefined);
    };
    handle.changed();
  });
}

function handleOf(request: ResourceRequest): string {
  return String(request.properties.Handle);
}
