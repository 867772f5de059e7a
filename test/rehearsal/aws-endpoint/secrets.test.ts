import fc from 'fast-check';
import { stackIdentity } from '../../../lib/rehearsal/assembly';
import { generateSecret, SecretStore, secretPlayers } from '../../../lib/rehearsal/aws-endpoint';
import type { ResourceRequest } from '../../../lib/rehearsal/cloudformation';
import { messageOf } from '../assembly/message-of';

const stack = stackIdentity('App', '123456789012', 'eu-central-1');
const request = (properties: object, logicalId = 'Secret'): ResourceRequest => ({
  stack,
  logicalId,
  type: 'AWS::SecretsManager::Secret',
  properties: { ...properties },
  assets: [],
});

test('passwords have the length and the characters that were asked for', () => {
  fc.assert(
    fc.property(
      fc.record({
        PasswordLength: fc.integer({ min: 5, max: 64 }),
        ExcludeCharacters: fc.constantFrom('', ' %+~`#$&*()|[]{}:;<>?!\'/@"\\', '.,'),
        ExcludePunctuation: fc.boolean(),
        ExcludeNumbers: fc.boolean(),
        ExcludeUppercase: fc.boolean(),
        IncludeSpace: fc.boolean(),
      }),
      (settings) => {
        const password = generateSecret(settings, 'secret');
        expect(password).toHaveLength(settings.PasswordLength);
        for (const excluded of settings.ExcludeCharacters) expect(password).not.toContain(excluded);
        expect(/[a-z]/.test(password)).toBe(true);
        expect(/[A-Z]/.test(password)).toBe(!settings.ExcludeUppercase);
        expect(/[0-9]/.test(password)).toBe(!settings.ExcludeNumbers);
        expect(/[^A-Za-z0-9 ]/.test(password)).toBe(!settings.ExcludePunctuation);
        const space = settings.IncludeSpace && !settings.ExcludeCharacters.includes(' ');
        expect(password.includes(' ')).toBe(space);
      },
    ),
  );
});

test('settings that Secrets Manager refuses', () => {
  const settings = {
    PasswordLength: 2,
    ExcludeCharacters: '.,',
    GenerateStringKey: 'password',
  };
  expect(messageOf(() => generateSecret(settings, 'secret "S"'))).toBe(
    `secret "S" has 2 problems:
- 'PasswordLength' must be at least 4 to hold each kind of character, got 2
- 'SecretStringTemplate' and 'GenerateStringKey' must be given together, got one of them`,
  );
  const template = { SecretStringTemplate: 'no', GenerateStringKey: 'password' };
  expect(messageOf(() => generateSecret(template, 'secret "S"'))).toBe(
    `secret "S": 'SecretStringTemplate' must be a JSON object, got text that is not JSON`,
  );
});

test('a generated secret is made once, changed only by other settings, and deleted', async () => {
  const store = new SecretStore();
  const player = secretPlayers(store)['AWS::SecretsManager::Secret'];
  const GenerateSecretString = {
    SecretStringTemplate: '{"username":"dms"}',
    GenerateStringKey: 'password',
    PasswordLength: '20',
  };
  const made = await player?.create(request({ GenerateSecretString }));
  const arn = made?.physicalId ?? '';
  expect(arn).toMatch(
    /^arn:aws:secretsmanager:eu-central-1:123456789012:secret:App-Secret-[0-9a-f]{6}$/,
  );
  const first = store.find(arn)?.value ?? '';
  expect(JSON.parse(first)).toEqual({
    username: 'dms',
    password: expect.stringMatching(/^.{20}$/),
  });
  if (made === undefined) return;
  const kept = await player?.update?.(request({ GenerateSecretString }), made);
  expect([kept, store.find(arn)?.value]).toEqual([made, first]);
  const PasswordLength = '30';
  await player?.update?.(
    request({ GenerateSecretString: { ...GenerateSecretString, PasswordLength } }),
    made,
  );
  expect(JSON.parse(store.find(arn)?.value ?? '').password).toHaveLength(30);
  await player?.delete?.(request({}), made);
  expect(store.find(arn)).toBeUndefined();
});

test('an attachment adds the fields of the database', async () => {
  const store = new SecretStore();
  const players = secretPlayers(store, (id, type) =>
    type === 'AWS::RDS::DBCluster' ? { host: `${id}.local`, port: 5432 } : undefined,
  );
  const secret = await players['AWS::SecretsManager::Secret']?.create(
    request({ Name: 'given', SecretString: '{"password":"p"}' }),
  );
  const SecretId = secret?.physicalId ?? '';
  const attachment = players['AWS::SecretsManager::SecretTargetAttachment'];
  const TargetType = 'AWS::RDS::DBCluster';
  await attachment?.create(request({ SecretId, TargetId: 'db', TargetType }, 'Attachment'));
  expect(JSON.parse(store.find('given')?.value ?? '')).toEqual({
    password: 'p',
    host: 'db.local',
    port: 5432,
  });
  await expect(
    attachment?.create(request({ SecretId, TargetId: 'db', TargetType: 'X' }, 'Attachment')),
  ).rejects.toThrow(
    `attachment "Attachment" requires the fields of "db" (X), got none; give them in 'attachedFields'`,
  );
  await expect(
    attachment?.create(request({ SecretId: 'nope', TargetId: 'db', TargetType }, 'Attachment')),
  ).rejects.toThrow(
    'attachment "Attachment" requires the secret "nope", got none; play the secret',
  );
});

test('a secret without a value is refused', async () => {
  const player = secretPlayers(new SecretStore())['AWS::SecretsManager::Secret'];
  await expect(player?.create(request({}))).rejects.toThrow(
    `secret "Secret" requires one of 'SecretString' and 'GenerateSecretString', got none`,
  );
});

test('dynamic references are resolved from the store', () => {
  const store = new SecretStore();
  store.put('arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-AbCdEf', '{"user":"u"}');
  const reference = (jsonKey: string | undefined, id = 'db') =>
    ({ service: 'secretsmanager', key: '', id, jsonKey, version: undefined }) as const;
  expect(store.resolve(reference('user'))).toBe('u');
  expect(store.resolve(reference(undefined))).toBe('{"user":"u"}');
  expect(store.resolve(reference('constructor'))).toBeUndefined();
  expect(store.resolve(reference('user', 'other'))).toBeUndefined();
});
