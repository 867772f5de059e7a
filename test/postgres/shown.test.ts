import { shown } from '../../lib/postgres';

test.each<[unknown, string, string]>([
  [undefined, 'host', 'nothing'],
  ['db.example', 'host', '"db.example"'],
  [5432, 'port', '5432'],
  ['hunter2', 'secret', 'a value that is not shown'],
  ['hunter2', 'passwordSecret', 'a value that is not shown'],
  [['a', { password: 'hunter2', port: 1 }], 'list', '["a",{"password":"***","port":1}]'],
  ['postgres://u:hunter2@h/d', 'host', '"postgres://u:***@h/d"'],
  ['postgresql://u:hun@ter/2@h:5432/d', 'host', '"postgresql://u:***@h:5432/d"'],
  ['postgres://u@h/d', 'host', '"postgres://u@h/d"'],
  ['host=h password=hunter2 user=u', 'host', '"host=h password=*** user=u"'],
  ["user=u password = 'hun ter\\'2'", 'host', '"user=u password = ***"'],
  [
    'postgres://h/d?user=u&password=hunter2&a=b',
    'host',
    '"postgres://h/d?user=u&password=***&a=b"',
  ],
  [
    '-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\n',
    'caCertificate',
    '"-----BEGIN EC PRIVATE KEY-----***"',
  ],
])('shows %j of %s without a password', (value, key, expected) => {
  expect(shown(value, key)).toBe(expected);
});
