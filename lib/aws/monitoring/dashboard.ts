import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IDatabaseCluster } from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import {
  deriveWatchPoints,
  LinkKind,
  linkName,
  type MetricName,
  type WatchedLink,
  type WatchPoint,
} from '../../postgres';
import type { Metrics } from './alarms';
import type { ReplicationMonitoringProps } from './props';

const WIDTH = 12;

/** Shows first what is wrong, then how far behind each link is, then what fills disks. */
export function createDashboard(
  scope: Construct,
  props: ReplicationMonitoringProps,
  metrics: Metrics,
  alarms: readonly Alarm[],
): Dashboard {
  const points = deriveWatchPoints(props.topology);
  const others = props.otherAlarms ?? [];
  const status = new AlarmStatusWidget({
    title: 'Alarms',
    alarms: [...alarms, ...others],
    width: 2 * WIDTH,
  });
  const graphs = [
    ...linkGraphs(points, metrics),
    ...serverGraphs(points, metrics),
    ...(props.cluster === undefined ? [] : clusterGraphs(props.cluster)),
    ...others.map((alarm) =>
      graph(alarm.node.id, [alarm.metric], { leftAnnotations: [alarm.toAnnotation()] }),
    ),
  ];
  return new Dashboard(scope, 'Dashboard', { widgets: [[status], ...rows(graphs)] });
}

function linkGraphs(points: readonly WatchPoint[], metrics: Metrics): GraphWidget[] {
  const links = points.flatMap(({ sends }) => sends);
  const native = links.filter(({ kind }) => kind === LinkKind.NATIVE);
  const of = (name: MetricName, which: readonly WatchedLink[]) =>
    which.map((link) => metrics.of(name, { Link: linkName(link) }, linkName(link)));
  return [
    graph('Lag in seconds', of('LagSeconds', links)),
    graph('Lag in bytes', of('LagBytes', links)),
    graph('Links that nobody reads', of('LinkDown', links)),
    ...(native.length === 0
      ? []
      : [
          graph('Tables whose copy is not finished', of('TablesLeft', native)),
          graph('Errors of subscriptions, in all', of('SubscriptionErrors', native)),
        ]),
  ];
}

function serverGraphs(points: readonly WatchPoint[], metrics: Metrics): GraphWidget[] {
  const of = (name: MetricName, which: readonly WatchPoint[]) =>
    which.map(({ server }) => metrics.of(name, { Server: server }, server));
  const slots = points.flatMap(({ server, sends }) =>
    sends.map(({ slotName }) =>
      metrics.of(
        'RetainedWalBytes',
        { Server: server, Slot: slotName },
        `${slotName} on ${server}`,
      ),
    ),
  );
  return [
    graph('WAL that slots hold back', slots),
    graph(
      'Databases and WAL on disk',
      of(
        'DataBytes',
        points.filter(({ disk }) => disk),
      ),
    ),
    graph('Longest transaction, in seconds', of('LongestTransactionSeconds', points)),
    graph('Servers that are down, and metrics that cannot be read', [
      ...of('ServerDown', points),
      ...of('Unreadable', points),
    ]),
  ];
}

function clusterGraphs(cluster: IDatabaseCluster): GraphWidget[] {
  return [
    graph('Aurora: CPU, in percent', [cluster.metricCPUUtilization()]),
    graph('Aurora: free local storage', [
      cluster.metricFreeLocalStorage({ statistic: Stats.MINIMUM }),
    ]),
  ];
}

function graph(
  title: string,
  left: IMetric[],
  options: Pick<ConstructorParameters<typeof GraphWidget>[0], 'leftAnnotations'> = {},
): GraphWidget {
  return new GraphWidget({ title, left, width: WIDTH, leftYAxis: { min: 0 }, ...options });
}

function rows(widgets: readonly IWidget[]): IWidget[][] {
  const pairs: IWidget[][] = [];
  for (let index = 0; index < widgets.length; index += 2)
    pairs.push(widgets.slice(index, index + 2));
  return pairs;
}
