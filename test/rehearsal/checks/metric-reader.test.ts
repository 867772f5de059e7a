import { LinkKind, linkName } from '../../../lib/postgres';
import { MetricReader } from '../../../lib/rehearsal/checks/metric-reader';

const chain = {
  source: 'a',
  standby: 'b',
  target: 'c',
  selection: { schemas: ['shop'] },
  kind: LinkKind.NATIVE,
  shared: false,
};
const link = linkName({ from: 'a', to: 'b' });

test('reads the lag of the standby from a line of metrics', () => {
  const reader = new MetricReader(chain);
  const line = JSON.stringify({ _aws: {}, Link: link, LagSeconds: 1.5 });
  expect(reader.read(line, 3)).toEqual({ atSeconds: 3, sourceToStandbySeconds: 1.5 });
  expect(reader.published).toBe(1);
});

test.each([
  ['a line of a log', 'START RequestId: 1', 0],
  ['JSON without metrics', JSON.stringify({ Link: link, LagSeconds: 1 }), 0],
  ['another link', JSON.stringify({ _aws: {}, Link: 'other', LagSeconds: 1 }), 1],
  ['another metric', JSON.stringify({ _aws: {}, Link: link, RetainedBytes: 1 }), 1],
])('%s says nothing of the lag', (_case, line, published) => {
  const reader = new MetricReader(chain);
  expect(reader.read(line, 3)).toBeUndefined();
  expect(reader.published).toBe(published);
});

test('a chain without a standby has no such lag', () => {
  const reader = new MetricReader({ ...chain, standby: undefined });
  expect(reader.read(JSON.stringify({ _aws: {}, Link: link, LagSeconds: 1 }), 3)).toBeUndefined();
  expect(reader.published).toBe(1);
});
