import { PontoonError, Problems, ValidationError } from '../../lib/postgres';

test('an error has a code and a cause', () => {
  const cause = new Error('why');
  const error = new PontoonError('CODE', 'what', { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'PontoonError', code: 'CODE', message: 'what', cause });
});

test('one problem makes one line, several a list', () => {
  const one = new ValidationError('the spec', ['a is wrong']);
  expect(one).toMatchObject({
    name: 'ValidationError',
    code: 'INVALID',
    message: 'the spec: a is wrong',
    problems: ['a is wrong'],
  });
  expect(new ValidationError('the spec', ['a is wrong', 'b is']).message).toBe(
    'the spec has 2 problems:\n- a is wrong\n- b is',
  );
});

test('problems are collected, each once, and thrown together', () => {
  const problems = new Problems();
  expect(() => problems.throwIfAny('it')).not.toThrow();
  problems.add('a');
  problems.addIf(false, 'never');
  problems.addIf(true, 'b');
  problems.addIf(true, 'a');
  problems.collect(() => {
    throw new ValidationError('nested', ['c', 'b', 'd']);
  });
  problems.collect(() => {
    throw new PontoonError('CODE', 'e');
  });
  problems.collect(() => undefined);
  expect(problems.list()).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(() => problems.throwIfAny('it')).toThrow(
    new ValidationError('it', ['a', 'b', 'c', 'd', 'e']),
  );
});

test('what is no problem of the user’s is not swallowed', () => {
  const bug = new TypeError('bug');
  const collect = () =>
    new Problems().collect(() => {
      throw bug;
    });
  expect(collect).toThrow(bug);
});
