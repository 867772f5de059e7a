import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  RDS_PROXY_STAND_IN,
  ROUTE53_STAND_IN,
  secretsManagerShims,
  secretsManagerStandIn,
} from '../../lib/rehearsal/aws-endpoint';
import { STANDBY_HOST_STAND_IN } from '../../lib/rehearsal/cloud/standby-host';
import { cloudFormationShims, cloudFormationStandIn } from '../../lib/rehearsal/cloudformation';
import { TCP_ENDPOINT_STAND_IN } from '../../lib/rehearsal/endpoint';
import { lambdaShims, lambdaStandIn } from '../../lib/rehearsal/lambda';
import {
  NETWORK_LOAD_BALANCER_STAND_IN,
  PRIVATE_DNS_STAND_IN,
  VAULT_STAND_IN,
} from '../../lib/rehearsal/oci-cloud';
import { CLUSTER_HOSTS_STAND_IN } from '../../lib/rehearsal/program/cluster/cluster';
import { FRESH_COPY_STAND_IN } from '../../lib/rehearsal/program/cluster/rejoin-server';
import { RUNNER_HOST_STAND_IN } from '../../lib/rehearsal/program/runner-host';
import { JQ_STAND_IN, SSM_STAND_IN } from '../../lib/rehearsal/ssm';
import { PG_DUMP_STAND_IN } from '../../lib/rehearsal/ssm/pg-dump-behaviours';
import { PSQL_STAND_IN } from '../../lib/rehearsal/ssm/psql-behaviours';
import { STEP_FUNCTIONS_STAND_IN } from '../../lib/rehearsal/step-functions';

test.each([
  [cloudFormationStandIn, 'cloudformation'],
  [lambdaStandIn, 'lambda'],
  [secretsManagerStandIn, 'aws-endpoint'],
  [ROUTE53_STAND_IN, 'aws-endpoint'],
  [RDS_PROXY_STAND_IN, 'aws-endpoint'],
  [TCP_ENDPOINT_STAND_IN, 'endpoint'],
  [STANDBY_HOST_STAND_IN, 'cloud'],
  [SSM_STAND_IN, 'ssm'],
  [JQ_STAND_IN, 'ssm'],
  [PG_DUMP_STAND_IN, 'ssm'],
  [PSQL_STAND_IN, 'ssm'],
  [STEP_FUNCTIONS_STAND_IN, 'step-functions'],
  [NETWORK_LOAD_BALANCER_STAND_IN, 'oci-cloud'],
  [PRIVATE_DNS_STAND_IN, 'oci-cloud'],
  [VAULT_STAND_IN, 'oci-cloud'],
  [RUNNER_HOST_STAND_IN, 'program'],
  [CLUSTER_HOSTS_STAND_IN, 'program'],
  [FRESH_COPY_STAND_IN, 'program'],
] as const)('each behaviour of a stand-in is a test', ({ behaviours }, folder) => {
  const directory = join(__dirname, folder);
  const titles = readdirSync(directory)
    .map((file) => readFileSync(join(directory, file), 'utf8'))
    .flatMap((text) => [...text.matchAll(/^\s*(?:test|\]\))\(\s*'(.*)',/gm)])
    .map(([, title]) => title);
  expect(behaviours.filter((name) => !titles.includes(name))).toEqual([]);
});

test('each difference has a reason', () => {
  for (const { name, reason } of [...cloudFormationShims, ...lambdaShims, ...secretsManagerShims]) {
    expect([name, reason]).not.toContain('');
  }
});
