import { resolveDynamicReferences } from '../../../lib/rehearsal/assembly';
import { messageOf } from './message-of';

describe('dynamic references', () => {
  const arn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf';

  test('are resolved inside texts, by the resolver that is given', () => {
    const value = {
      user: `{{resolve:secretsmanager:${arn}:SecretString:username::}}`,
      both: `x={{resolve:ssm:/a/b:3}} y={{resolve:secretsmanager:db:SecretString:::}}`,
    };
    const seen: unknown[] = [];
    const resolved = resolveDynamicReferences(value, 'here', (reference) => {
      seen.push(reference);
      return `<${reference.id}>`;
    });
    expect(resolved).toEqual({ user: `<${arn}>`, both: 'x=</a/b> y=<db>' });
    expect(seen).toEqual([
      {
        service: 'secretsmanager',
        key: `${arn}:SecretString:username::`,
        id: arn,
        jsonKey: 'username',
        version: undefined,
      },
      { service: 'ssm', key: '/a/b:3', id: '/a/b', jsonKey: undefined, version: '3' },
      {
        service: 'secretsmanager',
        key: 'db:SecretString:::',
        id: 'db',
        jsonKey: undefined,
        version: undefined,
      },
    ]);
  });

  test('without value, of an unknown service or kind are errors', () => {
    const value = [
      '{{resolve:ssm:/a}}',
      '{{resolve:vault:x}}',
      '{{resolve:secretsmanager:x:SecretBinary}}',
    ];
    expect(messageOf(() => resolveDynamicReferences(value, 'here', () => undefined))).toBe(
      `dynamic references has 3 problems:
- 'here[0]' requires the value of {{resolve:ssm:/a}}, got none; give it in 'dynamicReference'
- 'here[1]' cannot use a dynamic reference to "vault"; CloudFormation has ssm, ssm-secure and secretsmanager
- 'here[2]' requires SecretString in {{resolve:secretsmanager:x:SecretBinary}}, got "SecretBinary"`,
    );
  });
});
