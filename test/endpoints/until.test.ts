import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../lib/endpoints/until';

const there = (answer: string): boolean => answer === 'there';

test('the last question is asked at the end, also if the one before was long under way', async () => {
  const answers = ['on its way', 'there', 'gone'];
  const ask = async (): Promise<string> => {
    await delay(30);
    return answers.shift() ?? 'nothing';
  };
  await expect(until(ask, there, { timeoutMs: 20 })).resolves.toBe('there');
  expect(answers).toEqual(['gone']);
});

test('what does not come is asked for no more after the end', async () => {
  const ask = jest.fn(async () => 'on its way');
  await expect(until(ask, there, { timeoutMs: 0 })).resolves.toBe('on its way');
  expect(ask).toHaveBeenCalledTimes(1);
});
