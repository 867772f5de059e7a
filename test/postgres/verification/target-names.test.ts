import {
  DmsTransformationAction,
  DmsTransformationTarget,
  Problems,
  Reader,
  readTransformations,
  targetNames,
} from '../../../lib/postgres';

const { TABLE } = DmsTransformationTarget;

test.each([
  [DmsTransformationAction.RENAME, 'x', undefined, 'x'],
  [DmsTransformationAction.CONVERT_LOWERCASE, undefined, undefined, 'old_orders_v1'],
  [DmsTransformationAction.CONVERT_UPPERCASE, undefined, undefined, 'OLD_ORDERS_V1'],
  [DmsTransformationAction.ADD_PREFIX, 'a_', undefined, 'a_Old_Orders_v1'],
  [DmsTransformationAction.REMOVE_PREFIX, 'Old_', undefined, 'Orders_v1'],
  [DmsTransformationAction.REMOVE_PREFIX, 'New_', undefined, 'Old_Orders_v1'],
  [DmsTransformationAction.REPLACE_PREFIX, 'New_', 'Old_', 'New_Orders_v1'],
  [DmsTransformationAction.REPLACE_PREFIX, 'New_', 'Odd_', 'Old_Orders_v1'],
  [DmsTransformationAction.ADD_SUFFIX, '_z', undefined, 'Old_Orders_v1_z'],
  [DmsTransformationAction.REMOVE_SUFFIX, '_v1', undefined, 'Old_Orders'],
  [DmsTransformationAction.REMOVE_SUFFIX, '_v2', undefined, 'Old_Orders_v1'],
  [DmsTransformationAction.REPLACE_SUFFIX, '_v2', '_v1', 'Old_Orders_v2'],
  [DmsTransformationAction.REPLACE_SUFFIX, '_v2', '_v3', 'Old_Orders_v1'],
])('%s %s', (action, value, oldValue, name) => {
  const names = targetNames([
    {
      target: TABLE,
      action,
      schema: 'app',
      ...(value === undefined ? {} : { value }),
      ...(oldValue === undefined ? {} : { oldValue }),
    },
  ]);
  expect(names.table({ schema: 'app', name: 'Old_Orders_v1' })).toEqual({ schema: 'app', name });
  expect(names.table({ schema: 'b', name: 'Old_Orders_v1' }).name).toBe('Old_Orders_v1');
});

test('transformations are read out of plain data, with all that is wrong with them', () => {
  const problems = new Problems();
  const good = { target: 'schema', action: 'rename', schema: 'a', value: 'b' };
  const reader = new Reader(
    { transformations: [good, { target: 'column', action: 'rename', schema: 'a' }] },
    'stdin',
    problems,
  );

  expect(readTransformations(reader)[0]).toEqual(good);
  expect(problems.list()).toEqual([
    "'stdin.transformations[1].value' must be given for 'rename', got nothing; add it",
    "'stdin.transformations[1]' cannot rename several columns to one name, got no 'column'; name the column",
  ]);
});
