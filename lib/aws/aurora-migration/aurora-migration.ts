import { Annotations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { type Topology, topologyWarnings } from '../../postgres';
import type { AuroraTarget } from '../aurora';
import type { CutoverWay, CutoverWayBack } from '../cutover';
import { createTarget, recordMigration, type Target } from '../migration';
import { ReplicationMonitoring } from '../monitoring';
import type { NativeReplication } from '../native-replication';
import { RunnerFunction } from '../runner-function';
import type { ServerBinding } from '../server-binding';
import type { AuroraMigrationProps } from './props';
import { type Replicated, replicate } from './replicate';
import { SchemaCopyHost } from './schema-copy-host';
import { allow, createSource, routeToSource, type Source } from './source';
import { selectSubnets } from './subnets';
import { deployedTopology, isReplicating, SERVERS, targetDatabase } from './topology';
import { validate } from './validate';

/**
 * Moves a PostgreSQL database from one Aurora cluster to another, of the same major or another one, by PostgreSQL's own
 * logical replication, and keeps it in step until you switch over. Deploying never switches traffic.
 *
 * Where the usual description of this differs: nobody on Aurora is superuser, so that tables are published one by one;
 * the slot is made before the subscription and outlives none of it; passwords are in no statement and no shell history;
 * the target lets nobody write before it is opened; and `received_lsn = latest_end_lsn` on the subscriber, counts and
 * sums of hashes prove nothing, so that positions are confirmed and rows compared.
 *
 * Deleting it drops the subscription, the slot, publications, roles, and what else it made on both clusters; of a cluster
 * that was there before nothing else is changed. What a cutover has switched is not deleted before the migration is
 * finalized: until then the deletion fails, and says so.
 */
export class AuroraMigration extends Construct {
  /** The chain as plain data, from which everything else is derived. */
  public readonly topology: Topology;
  /** The function behind the custom resources. */
  public readonly runner: RunnerFunction;
  /** The source: where it is, and its administrator's login. */
  public readonly source: ServerBinding;
  /** The new source; undefined if it was there already. */
  public readonly sourceCluster: AuroraTarget | undefined;
  /** The target: where it is, and its administrator's login. */
  public readonly target: ServerBinding;
  /** The new target; undefined if it was there already. */
  public readonly cluster: AuroraTarget | undefined;
  /** The host that copies the schema; undefined as long as the source is empty. */
  public readonly schemaCopyHost: SchemaCopyHost | undefined;
  /** Names on the way to the target, for a CutoverStateMachine; undefined as long as the source is empty. */
  public readonly forward: CutoverWay | undefined;
  /** The way back, for a CutoverStateMachine; undefined if none is prepared. */
  public readonly wayBack: CutoverWayBack | undefined;
  /** Replication's roles by server, which a CutoverStateMachine must let stay connected. */
  public readonly replicationRoles: { readonly [server: string]: string[] };
  /** The schedule that measures replication, its alarms and its dashboard; undefined as long as the source is empty. */
  public readonly monitoring: ReplicationMonitoring | undefined;

  constructor(scope: Construct, id: string, props: AuroraMigrationProps) {
    super(scope, id);
    const { topology } = validate(this, props);
    this.topology = deployedTopology(topology, props);
    for (const warning of topologyWarnings(topology))
      Annotations.of(this).addWarningV2('pontoon:unchecked', warning);
    this.runner =
      props.runner ??
      new RunnerFunction(this, 'Runner', {
        vpc: props.vpc,
        ...(props.subnets === undefined ? {} : { subnets: props.subnets }),
      });
    const source = createSource(this, props, topology);
    const target = createTarget(this, props, {
      server: SERVERS.target,
      database: targetDatabase(props),
      topology,
    });
    this.source = source.binding;
    this.sourceCluster = source.cluster;
    this.target = target.binding;
    this.cluster = target.cluster;
    let roles: Replicated['roles'] = {};
    if (isReplicating(props)) {
      this.schemaCopyHost = this.connect(props, source, target);
      const replicated = replicate(this, props, {
        runner: this.runner,
        host: this.schemaCopyHost,
        source: this.source,
        target: this.target,
        topology,
      });
      this.forward = replicated.forward;
      this.wayBack = replicated.wayBack;
      roles = replicated.roles;
      this.monitoring = this.monitor(props, replicated.replications);
    }
    this.replicationRoles = roles;
    recordMigration(this, this.topology, [this.source, this.target], {
      administrator: source.administrator,
      hba: '',
    });
  }

  /** Network rules and routes, for which everything on a server waits. */
  private connect(props: AuroraMigrationProps, source: Source, target: Target): SchemaCopyHost {
    const { runner } = this;
    const { majorVersion } = props.source;
    const host = new SchemaCopyHost(this, 'SchemaCopyHost', {
      ...props.schemaCopyHost,
      vpc: props.vpc,
      ...(props.subnets === undefined ? {} : { subnets: props.subnets }),
      majorVersion: Math.max(majorVersion, props.target.majorVersion),
    });
    for (const server of [source, target]) {
      allow(runner, server, 'objects');
      allow(host, server, 'schema copy');
    }
    allow(target.connectable, source, 'subscription');
    if (props.replication.wayBack !== false)
      allow(source.connectable, target, 'subscription, on the way back');
    const subnets = selectSubnets(props);
    const routes = routeToSource(this, props, [...subnets.runner, ...subnets.target]);
    for (const { binding, connectable } of [source, target])
      binding.dependsOn(
        runner.securityGroup,
        ...host.connections.securityGroups,
        ...connectable.connections.securityGroups,
      );
    source.binding.dependsOn(...routes);
    return host;
  }

  private monitor(
    props: AuroraMigrationProps,
    replications: readonly NativeReplication[],
  ): ReplicationMonitoring {
    return new ReplicationMonitoring(this, 'Monitoring', {
      ...props.monitoring,
      runner: this.runner,
      topology: this.topology,
      bindings: [this.source, this.target],
      replication: replications.map(({ subscription }) => subscription),
      ...(this.cluster === undefined ? {} : { cluster: this.cluster.cluster }),
    });
  }
}
