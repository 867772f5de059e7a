export { JQ_STAND_IN } from './jq';
export { SSM_STAND_IN, type SsmOptions, SsmStandIn } from './ssm-stand-in';
