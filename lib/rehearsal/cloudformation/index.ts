export type { AttributeTable, CloudFormationOptions } from './cloudformation-options';
export { CloudFormationStandIn } from './cloudformation-stand-in';
export type { CallerOptions, DeliveryFault, InvocationOutcome } from './custom-resource-caller';
export type { CustomResourceEvent, RequestType } from './custom-resource-event';
export { ResourceFailure } from './resource-failure';
export type {
  ResourceOutcome,
  ResourcePlayer,
  ResourcePlayers,
  ResourceRequest,
} from './resource-player';
export type {
  LeftBehind,
  PlayedResource,
  StackEvent,
  StackResult,
  StackStatus,
} from './stack-state';
export { cloudFormationShims, cloudFormationStandIn } from './stand-in';
