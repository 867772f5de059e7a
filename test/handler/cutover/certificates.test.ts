import { withLateCertificates } from '../../../lib/handler/cutover/certificates';

const input = (caCertificate: string): object => ({
  plan: {},
  connections: { a: { host: 'a', caCertificate }, b: { host: 'b', caCertificate: 'aws-rds' } },
});

test('puts a certificate that stands beside the rest where none is given', () => {
  expect(withLateCertificates(input(''), { a: 'PEM of a', b: 'PEM of b' })).toEqual(
    input('PEM of a'),
  );
});

test('leaves connections with a certificate, and those that nothing stands beside, as they are', () => {
  expect(withLateCertificates(input('own'), { a: 'other' })).toEqual(input('own'));
  expect(withLateCertificates(input(''), { b: 'PEM of b' })).toEqual(input(''));
});

test.each([[undefined], ['text'], [{ connections: [] }]])(
  'leaves %j to the parser, which says what is wrong with it',
  (wrong) => {
    expect(withLateCertificates(wrong, { a: 'PEM' })).toBe(wrong);
  },
);
