import { embeddedMetrics } from '../../lib/handler/embedded-metrics';
import { isMetricsEvent, publishMetrics } from '../../lib/handler/metrics';
import { staticSecrets } from '../../lib/runner';

const TARGET = { namespace: 'Pontoon', migration: 'Shop/Migration', timestamp: 1_795_233_775_562 };

test('one line for each set of dimensions, as CloudWatch reads them', () => {
  const link = { Link: 'a->b' };
  const server = { Server: 'a' };
  const lines = embeddedMetrics(
    {
      metrics: [
        { name: 'Unreadable', unit: 'Count', value: 1, dimensions: server },
        { name: 'LagBytes', unit: 'Bytes', value: 7, dimensions: link },
        { name: 'LinkDown', unit: 'Count', value: 0, dimensions: link },
      ],
      unreadable: ['DataBytes: not allowed'],
    },
    TARGET,
  );
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      _aws: {
        Timestamp: TARGET.timestamp,
        CloudWatchMetrics: [
          {
            Namespace: 'Pontoon',
            Dimensions: [['Migration', 'Server']],
            Metrics: [{ Name: 'Unreadable', Unit: 'Count' }],
          },
        ],
      },
      Migration: 'Shop/Migration',
      Server: 'a',
      Unreadable: 1,
      UnreadableMetrics: ['DataBytes: not allowed'],
    },
    {
      _aws: {
        Timestamp: TARGET.timestamp,
        CloudWatchMetrics: [
          {
            Namespace: 'Pontoon',
            Dimensions: [['Migration', 'Link']],
            Metrics: [
              { Name: 'LagBytes', Unit: 'Bytes' },
              { Name: 'LinkDown', Unit: 'Count' },
            ],
          },
        ],
      },
      Migration: 'Shop/Migration',
      Link: 'a->b',
      LagBytes: 7,
      LinkDown: 0,
    },
  ]);
  for (const line of lines) expect(line).not.toContain('\n');
});

test('an event that is wrong says everything that is wrong', async () => {
  const event = { pontoon: 'metrics', certificates: {}, run: { namespace: 'Pontoon', beat: 'a' } };
  if (!isMetricsEvent(event)) throw new Error('not an event of the metrics');
  await expect(publishMetrics(event, staticSecrets({}), { log: () => undefined })).rejects.toThrow(
    [
      'the event of the metrics has 2 problems:',
      "- 'run.migration' must be given, got nothing; add it",
      "- 'run.beat' is not known here; remove it or correct its name",
    ].join('\n'),
  );
});
