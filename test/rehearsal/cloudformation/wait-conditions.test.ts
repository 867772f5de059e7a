// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of Fn::Sub hold placeholders
import type { ResourcePlayers } from '../../../lib/rehearsal/cloudformation';
import { PlayedStack, put } from './played-stack';

const TEMPLATE = (more: object = {}) => ({
  Resources: {
    Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
    Host: { Type: 'X::Host', Properties: { signal: { Ref: 'Handle' } } },
    Booted: {
      Type: 'AWS::CloudFormation::WaitCondition',
      DependsOn: 'Host',
      Properties: { Handle: { Ref: 'Handle' }, Timeout: '1', ...more },
    },
  },
  Outputs: {
    Certificate: {
      Value: {
        'Fn::Join': [
          '\n',
          {
            'Fn::Split': [
              '|',
              { 'Fn::Select': [3, { 'Fn::Split': ['"', { 'Fn::GetAtt': ['Booted', 'Data'] }] }] },
            ],
          },
        ],
      },
    },
  },
});

async function play(signals: readonly string[], more: object = {}) {
  const statuses: number[] = [];
  const players: ResourcePlayers = {
    'X::Host': {
      create: async ({ properties, logicalId }) => {
        for (const body of signals) statuses.push(await put(String(properties.signal), body));
        return { physicalId: logicalId, attributes: {} };
      },
    },
  };
  const stack = new PlayedStack({ players });
  const result = await stack.deploy(TEMPLATE(more));
  await stack.close();
  return { ...result, statuses };
}

const signal = (parts: object) => JSON.stringify({ Status: 'SUCCESS', UniqueId: 'b', ...parts });

test('the data of a signal reaches the template', async () => {
  const result = await play([signal({ Data: 'first line|second line' })]);
  expect([result.status, result.statuses, result.outputs, result.notPlayed]).toEqual([
    'CREATE_COMPLETE',
    [200],
    { Certificate: 'first line\nsecond line' },
    {},
  ]);
});

test.each<[string, readonly string[], object, string]>([
  [
    'a failure carries its reason',
    [JSON.stringify({ Status: 'FAILURE', UniqueId: 'b', Reason: 'FATAL: no pg_hba.conf entry' })],
    {},
    'Booted: signal "b" says: FATAL: no pg_hba.conf entry',
  ],
  [
    'too few signals, the same one twice',
    [signal({}), signal({})],
    { Count: 2 },
    'Booted: wait condition "Booted" requires 2 signals within 1 s, got 1',
  ],
  [
    'a condition without time limit and handle',
    [],
    { Timeout: undefined, Handle: 'x' },
    `Booted: wait condition "Booted" has 2 problems:
- 'Timeout' must be a number of seconds from 1 to 43200, got undefined
- 'Handle' must be the reference of a wait condition handle, got something else`,
  ],
  ['a signal that is no JSON', ['ready'], {}, 'Booted: a signal must be JSON, got something else'],
  [
    'a signal without id',
    ['{"Status":"SUCCESS"}'],
    {},
    `Booted: a signal must have a 'UniqueId', and SUCCESS or FAILURE as its 'Status'`,
  ],
  [
    'a long signal',
    [signal({ Data: 'x'.repeat(5000) })],
    {},
    'Booted: the answer must have 4096 bytes at most, got 5045',
  ],
])('%s', async (_name, signals, more, reason) => {
  const result = await play(signals, more);
  expect([result.status, result.reason]).toEqual(['ROLLBACK_COMPLETE', reason]);
});
