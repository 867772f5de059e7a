import { findRehearsed, inOrder } from '../../../lib/rehearsal/program/deployment';
import { concludeNotPlayed } from '../../../lib/rehearsal/program/not-played';
import { registered } from './registered';

const DEPLOYMENT = 'pontoon:index:BlueGreenDeployment';

test.each([
  [[], undefined, 'got none; add one'],
  [['a', 'b'], undefined, "got 'a', 'b'; name one of them by '--migration'"],
  [['a', 'b'], 'c', "got 'a', 'b'; name one of them by '--migration'"],
])('of the deployments %j with the name %s there must be one', (names, name, got) => {
  const resources = names.map((one) => registered({ type: DEPLOYMENT, name: one }));
  expect(() => findRehearsed(resources, name)).toThrow(
    `a program must make one BlueGreenDeployment or StreamingCluster to be rehearsed, ${got}`,
  );
});

test('resources stand after what they are made after, also by way of others', () => {
  const [slot, other, role] = [
    registered({ name: 'a-slot', dependencies: ['b-other', 'gone'] }),
    registered({ name: 'b-other', dependencies: ['c-role'] }),
    registered({ name: 'c-role' }),
  ];
  expect(inOrder([slot, other, role])).toEqual([role, other, slot]);
});

test('what is not played is counted, with a reason', () => {
  const notPlayed: { type: string; count: number; reason: string }[] = [];
  const resources = [
    registered({ type: 'oci:Core/vcn:Vcn', name: 'one' }),
    registered({ type: 'oci:Core/vcn:Vcn', name: 'two' }),
    registered({ type: 'random:index:Pet', name: 'pet' }),
    registered({
      type: 'command:remote:Command',
      name: 'played',
      inputs: { create: 'apply', delete: 'drop', stdin: '{"spec":{"kind":"ledger"}}' },
    }),
    registered({
      type: 'command:remote:Command',
      name: 'watch',
      inputs: { create: 'cat', delete: 'rm', stdin: '{"cutover":"{}"}' },
    }),
    registered({ type: DEPLOYMENT, name: 'component', custom: false }),
  ];
  concludeNotPlayed({ notPlayed }, { resources });
  expect(notPlayed).toEqual([
    {
      type: 'oci:Core/vcn:Vcn',
      count: 2,
      reason: 'networks, their rules and virtual machines run only in OCI',
    },
    { type: 'random:index:Pet', count: 1, reason: 'it runs only in the cloud' },
    {
      type: 'command:remote:Command',
      count: 1,
      reason: 'what a host posts for alarms was not rehearsed',
    },
  ]);
});
