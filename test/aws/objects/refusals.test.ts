import { Aws } from 'aws-cdk-lib';
import { ConnectionGuard, DdlLedger, ServerSettings } from '../../../lib/aws';
import {
  logicalSlot,
  nativeReplication,
  physicalSlot,
  publication,
  refusal,
  role,
  type SmallStack,
  sent,
  smallStack,
  standbySlot,
  subscription,
} from './fixture';

const STACK_NAME = { Ref: 'AWS::StackName' };
const LONG = 'ü'.repeat(32);

const CASES: readonly [string, (small: SmallStack) => unknown, string][] = [
  [
    'a role without a name',
    (small) => role(small, { roleName: '' }),
    "replication role 'Object': 'roleName' must not be empty, got ''; give a name",
  ],
  [
    'a role whose name PostgreSQL would cut',
    (small) => role(small, { roleName: LONG }),
    `replication role 'Object': 'roleName' must be at most 63 bytes in UTF-8, got 64 ("${LONG}"); shorten it`,
  ],
  [
    'a role with a NUL in its name',
    (small) => role(small, { roleName: 'a\0b' }),
    `replication role 'Object': 'roleName' cannot contain a NUL character, got "a\\u0000b"; remove it`,
  ],
  [
    'a publication with nothing right',
    (small) =>
      publication(small, {
        publicationName: '',
        selection: { tables: [{ schema: 'shop', name: '' }] },
      }),
    `publication 'Object' has 2 problems:
- 'publicationName' must not be empty, got ''; give a name
- 'selection.tables[0].name' must not be empty, got ''; give a name`,
  ],
  [
    'a slot in upper case',
    (small) => physicalSlot(small, { slotName: 'Standby' }),
    `slot 'Object': 'slotName' must consist of lower-case letters, digits and underscores, got "Standby"; rename the slot`,
  ],
  [
    'a slot with SQL for a name',
    (small) => physicalSlot(small, { slotName: '"; DROP TABLE orders' }),
    `slot 'Object': 'slotName' must consist of lower-case letters, digits and underscores, got "\\"; DROP TABLE orders"; rename the slot`,
  ],
  [
    'a logical slot in upper case',
    (small) => logicalSlot(small, { slotName: 'A' }),
    `slot 'Object': 'slotName' must consist of lower-case letters, digits and underscores, got "A"; rename the slot`,
  ],
  [
    'a failover slot on a standby',
    (small) => standbySlot(small, { failover: true }),
    "logical slot 'Object': 'failover' cannot be set on a standby, got true; remove it or make the slot on the primary",
  ],
  [
    'settings without a name or a value',
    ({ stack, runner, primary: server }) =>
      new ServerSettings(stack, 'Object', { runner, server, settingsName: '', settings: {} }),
    `server settings 'Object' has 2 problems:
- 'settingsName' must not be empty, got ''; give a name
- 'settings' must hold at least one setting, got none; add it or remove the construct`,
  ],
  [
    'a guard for a role without a name, and another too long',
    ({ stack, runner, target: server }) =>
      new ConnectionGuard(stack, 'Object', { runner, server, keep: ['ok', '', LONG] }),
    `connection guard 'Object' has 2 problems:
- 'keep[1]' must not be empty, got ''; give a name
- 'keep[2]' must be at most 63 bytes in UTF-8, got 64 ("${LONG}"); shorten it`,
  ],
  [
    'a ledger of changes to nothing',
    ({ stack, runner, primary: server }) =>
      new DdlLedger(stack, 'Object', { runner, server, schemas: [] }),
    "ddl ledger 'Object': 'schemas' must name at least one schema, got none; add it or remove the construct",
  ],
  [
    'a subscription with nothing right',
    (small) => subscription(small, { subscriptionName: '', slotName: 'A-b', publicationNames: [] }),
    `subscription 'Object' has 3 problems:
- 'subscriptionName' must not be empty, got ''; give a name
- 'slotName' must consist of lower-case letters, digits and underscores, got "A-b"; rename the slot
- 'publicationNames' must name at least one publication, got none; name it`,
  ],
  [
    'native replication with nothing right',
    (small) => nativeReplication(small, { selection: {}, replicationName: LONG, slotName: 'A' }),
    `native replication 'Object' has 3 problems:
- 'replicationName' must be at most 63 bytes in UTF-8, got 64 ("${LONG}"); shorten it
- 'slotName' must consist of lower-case letters, digits and underscores, got "A"; rename the slot
- 'selection' must name at least one schema or table, got none; set 'schemas' or 'tables'`,
  ],
];

test.each(CASES)('%s is refused', (_title, make, text) => {
  const small = smallStack();
  expect(refusal(() => make(small))).toBe(text);
});

test('names that are known only at deployment pass, and are sent as they are', () => {
  const small = smallStack();
  const selection = { schemas: [Aws.STACK_NAME] };
  role(small, { roleName: Aws.STACK_NAME });
  physicalSlot(small, { slotName: Aws.STACK_NAME }, 'Slot');
  publication(small, { publicationName: Aws.STACK_NAME, selection }, 'Publication');
  const specs = ['Role', 'PhysicalSlot', 'Publication'].map((kind) => sent(small, kind).properties);
  expect(specs).toMatchObject([
    { spec: { name: STACK_NAME } },
    { spec: { name: STACK_NAME } },
    { spec: { name: STACK_NAME, selection: { schemas: [STACK_NAME] } } },
  ]);
});
