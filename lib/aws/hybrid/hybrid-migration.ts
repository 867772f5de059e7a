import { Annotations } from 'aws-cdk-lib';
import { Peer, Port } from 'aws-cdk-lib/aws-ec2';
import { Construct, type IDependable } from 'constructs';
import { type Topology, topologyWarnings } from '../../postgres';
import type { AuroraTarget } from '../aurora';
import type { CutoverStateMachine } from '../cutover';
import { DmsReplication } from '../dms';
import { createTarget, recordMigration, type Target, watchSchemas } from '../migration';
import type { ReplicationMonitoring } from '../monitoring';
import { RunnerFunction } from '../runner-function';
import { SchemaCopy } from '../schema-copy';
import type { ServerBinding } from '../server-binding';
import type { IntermediaryStandby } from '../standby';
import { sourceHba } from './access';
import { createCutover } from './cutover';
import { deployedTopology, isBridged, SERVERS, targetDatabase } from './hybrid-topology';
import { monitorChain } from './monitor';
import type { HybridMigrationProps } from './props';
import { type Replicated, replicateToTarget } from './replicate';
import { bindSource, decodesOnStandby, prepareSource } from './source';
import { bindStandby, createStandby } from './standby';
import { validate } from './validate';

/**
 * Moves a PostgreSQL database from a server of your own over a physical standby on EC2 to Aurora, and keeps it in
 * step until you switch over. Deploying never switches traffic.
 *
 * Where the usual description of this chain differs: the source needs `wal_level = logical` too, decoding on a standby
 * needs PostgreSQL 16 or later and a slot that is made on the standby, DMS reads it with `test_decoding`, and nothing
 * is open to every address.
 */
export class HybridMigration extends Construct {
  /** The chain as plain data, from which everything else is derived. */
  public readonly topology: Topology;
  /** The function behind the custom resources. */
  public readonly runner: RunnerFunction;
  /** The source: where it is, and the login with which objects are made there. */
  public readonly source: ServerBinding;
  /** The standby on EC2. */
  public readonly standby: IntermediaryStandby;
  /** The standby as a server on which objects are made; its logins are the source's. */
  public readonly standbyBinding: ServerBinding;
  /** The target: where it is, and its administrator's login. */
  public readonly target: ServerBinding;
  /** The new cluster; undefined if the target was there already. */
  public readonly cluster: AuroraTarget | undefined;
  /** The schedule that measures the chain, its alarms and its dashboard. */
  public readonly monitoring: ReplicationMonitoring;
  /** What switches writers; undefined if none was asked for, or as long as nothing flows to the target. */
  public readonly cutover: CutoverStateMachine | undefined;

  constructor(scope: Construct, id: string, props: HybridMigrationProps) {
    super(scope, id);
    const { topology: planned, subnets } = validate(this, props);
    const topology = deployedTopology(props);
    this.topology = topology;
    for (const warning of topologyWarnings(planned))
      Annotations.of(this).addWarningV2('pontoon:unchecked', warning);
    this.runner =
      props.runner ??
      new RunnerFunction(this, 'Runner', {
        vpc: props.vpc,
        ...(props.subnets === undefined ? {} : { subnets: props.subnets }),
      });
    this.source = bindSource(this, props, this.runner, [
      ...subnets.runner,
      subnets.standby,
      ...(wayBackTo(props) ? subnets.target : []),
    ]);
    const { runner, source } = this;
    const hba = sourceHba(props, subnets.runner);
    const prepared = prepareSource(this, props, {
      runner,
      source,
      topology: planned,
      hba,
    });
    this.standby = createStandby(this, props, { subnets, prepared });
    this.standbyBinding = bindStandby(props, { standby: this.standby, runner });
    const target = createTarget(this, props, {
      server: SERVERS.target,
      database: targetDatabase(props),
      topology: planned,
    });
    this.target = target.binding;
    this.cluster = target.cluster;
    const replicated = isBridged(props) ? this.replicate(props, target) : undefined;
    const replication = replicated?.replication;
    this.monitoring = monitorChain(this, props, {
      runner: this.runner,
      topology,
      bindings: [source, this.standbyBinding, this.target],
      prepared,
      replicating: [
        this.standby.ready,
        ...(replication === undefined ? [] : [lastOf(replication)]),
      ],
      otherAlarms: replication instanceof DmsReplication ? replication.alarms : [],
      cluster: this.cluster,
    });
    const bindings = [source, this.standbyBinding, this.target];
    this.cutover =
      replicated === undefined
        ? undefined
        : createCutover(this, props, { runner, topology, bindings, replicated });
    recordMigration(this, topology, bindings, {
      administrator: props.source.username,
      hba,
    });
  }

  private replicate(props: HybridMigrationProps, { connectable }: Target): Replicated {
    const { runner, standby, standbyBinding, target, source, topology } = this;
    runner.connections.allowTo(connectable, Port.tcp(target.port), 'objects on the target');
    standby.hostConnections.allowTo(connectable, Port.tcp(target.port), 'schema copy');
    if (wayBackTo(props))
      for (const cidr of new Set(props.source.cidrs))
        connectable.connections.allowFrom(
          Peer.ipv4(cidr),
          Port.tcp(target.port),
          'subscription of the source, after a cutover',
        );
    target.dependsOn(
      runner.securityGroup,
      ...standby.hostConnections.securityGroups,
      ...connectable.connections.securityGroups,
    );
    runner.ledgerOn(target, this);
    const { dms, selection } = props.replication;
    const schema = new SchemaCopy(this, 'Schema', {
      runner,
      host: standby,
      source: standbyBinding,
      target,
      selection,
      ...(dms?.transformations === undefined ? {} : { transformations: dms.transformations }),
    });
    const { schemaChanges } = props;
    const server = decodesOnStandby(topology) ? source : standbyBinding;
    schema.node.addDependency(...watchSchemas(this, { schemaChanges, selection, runner, server }));
    return replicateToTarget(this, props, {
      runner,
      standby: standbyBinding,
      standbyHost: standby,
      primary: decodesOnStandby(topology) ? source : undefined,
      target,
      targetHost: connectable,
      schema,
    });
  }
}

/** Whether the source follows the target once writers are switched; a promoted standby is in the VPC itself. */
function wayBackTo({ cutover, standby }: HybridMigrationProps): boolean {
  return cutover?.wayBack !== undefined && standby.promoted !== true;
}

/** What is made last of a replication, and so waits for all of it. */
function lastOf(replication: Replicated['replication']): IDependable {
  return replication instanceof DmsReplication ? replication.running : replication.subscription;
}
