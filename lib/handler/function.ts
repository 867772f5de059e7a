import { awsSecrets } from '../endpoints';
import { answerCloudFormation, type CloudFormationEvent } from './cloudformation';
import { type CutoverInvocation, walkCutover } from './cutover';
import { dmsPauseHandler } from './dms-pause';
import { dmsTaskHandler } from './dms-task';
import { isMetricsEvent, type MetricsEvent, publishMetrics } from './metrics';
import { objectHandler } from './objects';
import { preflightHandler } from './preflight';
import type { ResourceContext, ResourceHandler } from './resource';
import { schemaCopyHandler } from './schema-copy';

/** The part of a Lambda context that is used here. */
interface LambdaContext {
  getRemainingTimeInMillis(): number;
}

const secrets = awsSecrets();
const objects = objectHandler(secrets);

const RESOURCES: Readonly<Record<string, ResourceHandler>> = {
  'Custom::PontoonCanary': objects,
  'Custom::PontoonConnectionGuard': objects,
  'Custom::PontoonDdlLedger': objects,
  'Custom::PontoonDmsPause': dmsPauseHandler(),
  'Custom::PontoonDmsTask': dmsTaskHandler(),
  'Custom::PontoonHeartbeat': objects,
  'Custom::PontoonLedger': objects,
  'Custom::PontoonLogicalSlot': objects,
  'Custom::PontoonPhysicalSlot': objects,
  'Custom::PontoonPreflight': preflightHandler(secrets),
  'Custom::PontoonPublication': objects,
  'Custom::PontoonRole': objects,
  'Custom::PontoonSchemaCopy': schemaCopyHandler(secrets),
  'Custom::PontoonServerSettings': objects,
  'Custom::PontoonSubscription': objects,
};

/** The function behind the custom resources, the state machine of cutovers and the schedules. */
export async function handler(
  event: CloudFormationEvent | CutoverInvocation | MetricsEvent,
  context: LambdaContext,
): Promise<unknown> {
  if (isCutoverInvocation(event))
    return await walkCutover(event, secrets, resourceContext(context));
  if (isMetricsEvent(event)) await publishMetrics(event, secrets, resourceContext(context));
  else await answerCloudFormation(event, RESOURCES, resourceContext(context));
  return undefined;
}

function resourceContext(context: LambdaContext): ResourceContext {
  return {
    remainingMs: () => context.getRemainingTimeInMillis(),
    log: (line) => process.stdout.write(`${line}\n`),
  };
}

function isCutoverInvocation(event: object): event is CutoverInvocation {
  return 'pontoon' in event && event.pontoon === 'cutover';
}
