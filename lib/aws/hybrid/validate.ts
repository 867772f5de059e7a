import { Token } from 'aws-cdk-lib';
import { Problems, type Topology, ValidationError } from '../../postgres';
import { hybridTopology } from './hybrid-topology';
import { Bridge, type HybridMigrationProps, ReplicationMethod } from './props';

/** Checks everything about a migration, and returns its topology. Throws a ValidationError with all that is wrong. */
export function validate(id: string, props: HybridMigrationProps): Topology {
  const problems = new Problems();
  let topology: Topology | undefined;
  problems.collect(() => {
    topology = hybridTopology(props);
  });
  checkSource(props, problems);
  checkStandby(props, problems);
  checkTarget(props, problems);
  problems.throwIfAny(`hybrid migration '${id}'`);
  if (topology === undefined) throw new ValidationError(`hybrid migration '${id}'`, []);
  return topology;
}

function checkSource({ source }: HybridMigrationProps, problems: Problems): void {
  problems.addIf(
    source.cidrs.length === 0,
    "'source.cidrs' must name the networks of the source, got none; write them like 192.0.2.0/24",
  );
  for (const [index, cidr] of source.cidrs.entries()) {
    problems.addIf(
      !Token.isUnresolved(cidr) && /\/0$/.test(cidr),
      `'source.cidrs[${index}]' cannot be every address, got '${cidr}'; name the network of the source`,
    );
  }
  problems.addIf(
    !Token.isUnresolved(source.caCertificate) &&
      !/-----BEGIN CERTIFICATE-----/.test(source.caCertificate),
    "'source.caCertificate' must be a certificate in PEM, got another text; give what signed the source's certificate",
  );
}

function checkStandby({ standby, bridge }: HybridMigrationProps, problems: Problems): void {
  problems.addIf(
    standby.promoted === true && bridge !== Bridge.PROMOTE,
    "'standby.promoted' must be left out unless 'bridge' is Bridge.PROMOTE, got true; set the bridge or remove it",
  );
  for (const name of ['privateIpAddress', 'addressSeenBySource'] as const) {
    const address = standby[name];
    problems.addIf(
      address !== undefined &&
        !Token.isUnresolved(address) &&
        !/^\d{1,3}(\.\d{1,3}){3}$/.test(address),
      `'standby.${name}' must be an IPv4 address, got ${JSON.stringify(address)}; choose one out of the subnet`,
    );
  }
  const rate = standby.writeRateMiBPerSecond;
  problems.addIf(
    rate !== undefined && !(rate > 0),
    `'standby.writeRateMiBPerSecond' must be above 0, got ${rate}; measure it on the source with pg_current_wal_lsn()`,
  );
}

function checkTarget(props: HybridMigrationProps, problems: Problems): void {
  const { target, method, dms } = props;
  problems.addIf(
    method === ReplicationMethod.NATIVE && dms !== undefined,
    "'dms' must be left out with ReplicationMethod.NATIVE, got options; remove them or choose ReplicationMethod.DMS",
  );
  problems.addIf(
    method !== ReplicationMethod.NATIVE && props.subscriptionSslMode !== undefined,
    `'subscriptionSslMode' must be left out with ReplicationMethod.DMS, got '${props.subscriptionSslMode}'; remove it`,
  );
  if (target.existing === undefined) return;
  for (const name of [
    'subnets',
    'instanceType',
    'readers',
    'deletionProtection',
    'removalPolicy',
  ] as const) {
    problems.addIf(
      target[name] !== undefined,
      `'target.${name}' must be left out for an existing cluster, got ${JSON.stringify(target[name])}; remove it`,
    );
  }
}
