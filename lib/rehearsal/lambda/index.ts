export type { FunctionDefinition } from './function-definition';
export type { LambdaLogLine, LambdaResult } from './lambda-process';
export { type LambdaOptions, LambdaStandIn } from './lambda-stand-in';
export { lambdaShims, lambdaStandIn } from './stand-in';
