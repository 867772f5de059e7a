import * as oci from '@pulumi/oci';
import type * as pulumi from '@pulumi/pulumi';
import type { StreamingClusterArgs } from './args';

interface AlarmRule {
  readonly id: string;
  readonly query: string;
  readonly severity: 'CRITICAL' | 'WARNING';
  readonly body: string;
}

/** One alarm of each kind in each region with a topic; each server and slot is judged by itself. */
export function createAlarms(
  name: string,
  { regions, servers, compartmentId }: StreamingClusterArgs,
  { namespace, slotMiB }: { namespace: string; slotMiB: number },
  parent: pulumi.Resource,
): void {
  for (const [region, { network, alarmTopicId }] of Object.entries(regions)) {
    const here = Object.keys(servers).filter((server) => servers[server]?.region === region);
    if (alarmTopicId === undefined || here.length === 0) continue;
    for (const { id, query, severity, body } of [...here.map(silent), ...rules(slotMiB)])
      new oci.monitoring.Alarm(
        `${name}-${region}-${id}`,
        {
          compartmentId,
          metricCompartmentId: compartmentId,
          namespace,
          displayName: `${name}: ${id} in ${region}`,
          query,
          severity,
          body,
          destinations: [alarmTopicId],
          isEnabled: true,
          pendingDuration: 'PT5M',
          repeatNotificationDuration: 'PT4H',
        },
        { parent, provider: network.provider },
      );
  }
}

/** A metric that nobody posts has no stream that could be judged: it is asked for by its server's name. */
function silent(server: string): AlarmRule {
  return {
    id: `${server}-silent`,
    query: `ServerUp[5m]{server = "${server}"}.absent()`,
    severity: 'CRITICAL',
    body: `Nothing is heard of ${server}: the machine, PostgreSQL or what posts metrics does not run.`,
  };
}

function rules(slotMiB: number): AlarmRule[] {
  return [
    {
      id: 'slot-lost',
      query: 'SlotLost[5m].max() > 0',
      severity: 'CRITICAL',
      body: 'A replica fell so far behind that its slot was given up: it needs the archive, or a new copy.',
    },
    {
      id: 'slot-retains',
      query: `SlotRetainedMiB[5m].max() > ${Math.floor(slotMiB / 2)}`,
      severity: 'WARNING',
      body: `A slot holds back half of what it may, which is ${slotMiB} MiB. See whether its replica is there.`,
    },
    {
      id: 'not-receiving',
      query: 'Receiving[5m].max() < 1',
      severity: 'CRITICAL',
      body: 'A replica does not stream from the primary.',
    },
    {
      id: 'replays-late',
      query: 'ReplayLagSeconds[5m].min() > 60',
      severity: 'WARNING',
      body: 'A replica is more than a minute behind.',
    },
    {
      id: 'archive-fails',
      query: 'ArchiveFailing[15m].min() > 0',
      severity: 'CRITICAL',
      body: 'The primary cannot keep its log in Object Storage, and keeps it on its disk meanwhile.',
    },
    {
      id: 'second-primary',
      query: 'SecondPrimary[5m].max() > 0',
      severity: 'CRITICAL',
      body: 'Two servers take writes, or one has the data of another cluster; /var/log/pontoon-boot.log names it. Stop the one that clients should not write to, and rejoin it.',
    },
    {
      id: 'volume-fills',
      query: 'VolumeUsedPercent[5m].max() > 80',
      severity: 'CRITICAL',
      body: 'A data volume is nearly full. Grow it in place.',
    },
  ];
}
