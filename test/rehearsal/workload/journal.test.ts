import { ABSENT, Journal } from '../../../lib/rehearsal/workload/journal';

const at = (atMs: number, side = 1) => ({ atMs, side });
const found = (...rows: readonly [number, readonly number[]][]) => new Map(rows);
const nothing = { missing: [], doubled: [], unexpected: [], forgiven: 0 };

/** A client that inserted row 1, and then did what `more` says. */
function journal({ synchronous = true } = {}): Journal {
  const made = new Journal(7, synchronous);
  made.keep(made.next(), 1, 'acknowledged', at(100));
  return made;
}

test('what was acknowledged must be there once', () => {
  expect(journal().compare(found([1, [1]]), [])).toEqual(nothing);
  const finding = { client: 7, number: 1, expected: 'version 1' };
  expect(journal().compare(found(), [])).toEqual({
    ...nothing,
    missing: [{ ...finding, found: 'absent' }],
  });
  expect(journal().compare(found([1, [1, 1]]), [])).toEqual({
    ...nothing,
    doubled: [{ ...finding, found: 'version 1 or version 1' }],
  });
});

test('what was changed must be as it was changed last', () => {
  const changed = journal();
  changed.keep(1, 2, 'acknowledged', at(200));
  expect(changed.compare(found([1, [2]]), [])).toEqual(nothing);
  const finding = { client: 7, number: 1, expected: 'version 2' };
  expect(changed.compare(found([1, [1]]), []).missing).toEqual([
    { ...finding, found: 'version 1' },
  ]);
  expect(changed.compare(found([1, [3]]), []).unexpected).toEqual([
    { ...finding, found: 'version 3' },
  ]);
});

test('what was deleted must be gone, and what nobody wrote must not be there', () => {
  const deleted = journal();
  deleted.keep(1, ABSENT, 'acknowledged', at(200));
  expect(deleted.compare(found(), [])).toEqual(nothing);
  expect(deleted.compare(found([1, [1]], [9, [1]]), []).unexpected).toEqual([
    { client: 7, number: 1, expected: 'absent', found: 'version 1' },
    { client: 7, number: 9, expected: 'absent', found: 'version 1' },
  ]);
});

test('what was not answered may be there or not, but not twice', () => {
  const unsure = journal();
  unsure.keep(unsure.next(), 1, 'unknown', at(200));
  for (const rows of [found([1, [1]]), found([1, [1]], [2, [1]])])
    expect(unsure.compare(rows, [])).toEqual(nothing);
  expect(unsure.compare(found([1, [1]], [2, [1, 1]]), []).doubled).toEqual([
    { client: 7, number: 2, expected: 'absent or version 1', found: 'version 1 or version 1' },
  ]);
  expect([unsure.acknowledged, unsure.unknown]).toEqual([1, 1]);
});

test('a change that was not answered leaves the row before or after it', () => {
  const unsure = journal();
  unsure.keep(1, 2, 'unknown', at(200));
  for (const version of [1, 2]) expect(unsure.compare(found([1, [version]]), [])).toEqual(nothing);
  expect(unsure.compare(found(), []).missing).toHaveLength(1);
  expect(unsure.changeable(0)).toBeUndefined();
});

test('a crash takes only what nobody waited for, on that server, at that time', () => {
  const crash = { fromMs: 150, toMs: 300, side: 1 };
  const written = (synchronous: boolean) => {
    const made = journal({ synchronous });
    made.keep(1, 2, 'acknowledged', at(200));
    made.keep(1, 3, 'acknowledged', at(250));
    return made;
  };
  for (const version of [1, 2, 3])
    expect(written(false).compare(found([1, [version]]), [crash])).toEqual({
      ...nothing,
      forgiven: 2,
    });
  expect(written(false).compare(found(), [crash]).missing).toHaveLength(1);
  expect(written(true).compare(found([1, [2]]), [crash]).missing).toHaveLength(1);
  expect(written(false).compare(found([1, [2]]), [{ ...crash, side: 2 }]).missing).toHaveLength(1);
  expect(written(false).compare(found([1, [2]]), [{ ...crash, toMs: 240 }]).missing).toHaveLength(
    1,
  );
});

test('rows are changed by turns, and the oldest is deleted once there are enough', () => {
  const many = new Journal(1, true);
  expect([many.changeable(3), many.deletable()]).toEqual([undefined, undefined]);
  for (let row = 1; row <= 21; row += 1) many.keep(many.next(), 1, 'acknowledged', at(row));
  many.keep(2, 2, 'acknowledged', at(30));
  expect(many.changeable(22)).toEqual({ number: 2, version: 2 });
  expect(many.deletable()).toMatchObject({ number: 1 });
  many.abandon(1);
  expect(many.changeable(0)).toEqual({ number: 2, version: 2 });
  expect(many.deletable()).toBeUndefined();
});
