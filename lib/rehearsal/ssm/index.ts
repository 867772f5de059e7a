export { JQ_STAND_IN } from './jq';
export { PG_DUMP_STAND_IN } from './pg-dump-behaviours';
export { PSQL_STAND_IN } from './psql-behaviours';
export { SSM_STAND_IN, type SsmOptions, SsmStandIn } from './ssm-stand-in';
