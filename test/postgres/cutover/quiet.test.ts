import { quietSlotName, slotNameProblem, trialSlotNames } from '../../../lib/postgres';

const LONG = 'orders_and_customers_of_the_shop_in_the_north_and_south';

test('a name that can be a slot’s is a part of it', () => {
  const longest = LONG.slice(0, 49);
  expect(quietSlotName('shop_2')).toBe('pontoon_fence_shop_2');
  expect(quietSlotName(longest)).toBe(`pontoon_fence_${longest}`);
  expect(trialSlotNames('shop_2', 2)).toEqual(['pontoon_trial_shop_2', 'pontoon_trial_shop_2_2']);
  expect(trialSlotNames('fence', 1)).toEqual(['pontoon_trial_fence']);
});

test('one that is too long, or cannot, has what tells it from others at its end', () => {
  expect(quietSlotName('Shop-2')).toBe('pontoon_fence_shop_2_18d2fb7a');
  expect(quietSlotName(LONG)).toBe(
    'pontoon_fence_orders_and_customers_of_the_shop_in_the__48b2c329',
  );
});

const ALIKE = ['shop_2', 'shop-2', 'Shop_2', 'Shop-2', 'shöp_2', 'shÖp_2', '東京', '京東'];
const LENGTHS = [46, 47, 48, 49, 50, 55].map((length) => LONG.slice(0, length));

test('migrations with alike names share no slot on one server, nor do the slots of one', () => {
  const names = [...ALIKE, ...LENGTHS, `${LONG}_east`, `${LONG}_west`].flatMap((migration) => [
    quietSlotName(migration),
    ...trialSlotNames(migration, 12),
  ]);
  expect(new Set(names).size).toBe(names.length);
  expect(names.flatMap((name) => slotNameProblem(name, 'slot') ?? [])).toEqual([]);
});
