import { Peer, Port } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { renderConf } from '../../postgres';
import type { RunnerFunction } from '../runner-function';
import { ServerBinding } from '../server-binding';
import { IntermediaryStandby } from '../standby';
import { standbyHba } from './access';
import { SERVERS, slotsOf, standbySettings } from './hybrid-topology';
import type { HybridMigrationProps } from './props';
import type { PreparedSource } from './source';
import type { CheckedSubnets } from './validate';

/** Makes the standby once the source is ready for it. */
export function createStandby(
  scope: Construct,
  props: HybridMigrationProps,
  options: {
    readonly subnets: CheckedSubnets;
    readonly prepared: PreparedSource;
  },
): IntermediaryStandby {
  const { source } = props;
  const { applications = [], promoted: _promoted, ...standby } = props.standby;
  const { subnets, prepared } = options;
  const created = new IntermediaryStandby(scope, 'Standby', {
    ...standby,
    vpc: props.vpc,
    subnet: subnets.standby,
    majorVersion: source.majorVersion,
    primary: {
      host: source.host,
      port: prepared.binding.port,
      secret: prepared.standbySecret,
      caCertificate: source.caCertificate,
      sslMode: prepared.binding.sslMode,
      slotName: slotsOf(props).physical,
      cidrs: source.cidrs,
    },
    conf: renderConf(standbySettings(props)),
    hba: standbyHba(props, subnets),
    ...(source.superuser === undefined ? {} : { superuser: source.superuser }),
    ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
  });
  for (const cidr of new Set(applications.map((application) => application.cidr))) {
    created.connections.allowDefaultPortFrom(Peer.ipv4(cidr), 'applications, once promoted');
  }
  // Only the instance: the runner needs address and network rules for its own objects.
  created.bootAfter(prepared.binding.reachable, ...prepared.ready);
  return created;
}

/** The standby as a server: a copy of the source, with its roles and its logins. */
export function bindStandby(
  props: HybridMigrationProps,
  { standby, runner }: { readonly standby: IntermediaryStandby; readonly runner: RunnerFunction },
): ServerBinding {
  const binding = new ServerBinding({
    server: SERVERS.standby,
    host: standby.address,
    database: props.source.databaseName,
    secret: props.source.secret,
    caCertificate: standby.caCertificate,
  });
  runner.connections.allowTo(standby, Port.tcp(binding.port), 'objects on the standby');
  // What is ready waits for the rest of it; to name all of that in each object would swell the template.
  binding.dependsOn(standby.ready, runner.securityGroup);
  return binding;
}
