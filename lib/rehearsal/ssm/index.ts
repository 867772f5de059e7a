export { SSM_STAND_IN, type SsmOptions, SsmStandIn } from './ssm-stand-in';
