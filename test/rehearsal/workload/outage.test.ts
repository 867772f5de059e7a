import { Acknowledgements, outagesOf } from '../../../lib/rehearsal/workload/outage';

const names: Readonly<Record<number, string>> = { 1: 'old', 2: 'new' };

function gapsOf(client: number, ...writes: readonly [number, number][]) {
  const acknowledgements = new Acknowledgements(client);
  for (const [atMs, side] of writes) acknowledgements.add(atMs, side);
  return acknowledgements;
}

test('a switch is what each client saw between its last write there and its first one here', () => {
  const clients = [
    gapsOf(1, [100, 1], [110, 1], [400, 2], [410, 2], [900, 1]),
    gapsOf(2, [105, 1], [115, 1], [300, 2], [400, 2], [950, 1]),
    gapsOf(3, [108, 1]),
  ];
  expect(
    outagesOf(
      clients.flatMap(({ gaps }) => gaps),
      (side) => names[side] ?? '?',
    ),
  ).toEqual([
    {
      from: 'old',
      to: 'new',
      beganAtMs: 110,
      endedAtMs: 400,
      clientsMs: [185, 290],
      medianMs: 290,
      longestMs: 290,
    },
    {
      from: 'new',
      to: 'old',
      beganAtMs: 400,
      endedAtMs: 950,
      clientsMs: [490, 550],
      medianMs: 550,
      longestMs: 550,
    },
  ]);
});

test('without a change of sides there is no switch, but a gap', () => {
  const { gaps } = gapsOf(1, [0, 1], [20, 1], [80, 1]);
  expect(gaps).toEqual([{ client: 1, fromMs: 20, toMs: 80, from: 1, to: 1 }]);
  expect(outagesOf(gaps, String)).toEqual([]);
});

test('a switch that takes no time is a switch', () => {
  const { gaps } = gapsOf(1, [10, 1], [11, 2]);
  expect(outagesOf(gaps, String)).toMatchObject([{ from: '1', to: '2', longestMs: 1 }]);
});

test('the longest gap counts one that lasts still', () => {
  const client = gapsOf(1, [0, 1], [300, 1], [310, 1], [400, 1]);
  expect(client.longestSince(0, 420)).toBe(300);
  expect(client.longestSince(350, 420)).toBe(90);
  expect(client.longestSince(350, 900)).toBe(500);
  expect(new Acknowledgements(1).longestSince(350, 900)).toBe(550);
});
