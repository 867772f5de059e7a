import { BlueGreenDeployment, type ReplicationVault } from '../../lib/oci';
import { checkFree } from '../../lib/oci/blue-green-deployment/logins';
import { deployment } from './deployment';
import { ofType, refusal, registered } from './programs';

const SECRET = 'oci:Vault/secret:Secret';
const FOUND = 'oci:Vault/getSecrets:getSecrets';

function program(vault: Partial<ReplicationVault> = {}) {
  const { vault: before } = deployment();
  return () => new BlueGreenDeployment('shop', deployment({ vault: { ...before, ...vault } }));
}

async function names(vault: Partial<ReplicationVault> = {}): Promise<unknown[]> {
  const resources = await registered(program(vault));
  return ofType(resources, SECRET).map(({ inputs }) => inputs.secretName);
}

test('a secret that another replaces has another name, so that both are there for a moment', async () => {
  const before = await names();
  expect(before).toEqual([
    expect.stringMatching(/^shop-dev-shop-reader-login-[0-9a-f]{8}$/),
    expect.stringMatching(/^shop-dev-shop-reverse-login-[0-9a-f]{8}$/),
  ]);
  expect(await names()).toEqual(before);
  for (const change of [
    { keyId: 'ocid1.key.oc1..other' },
    { vaultId: 'ocid1.vault.oc1..other' },
    { generation: 2 },
  ])
    for (const name of await names(change)) expect(before).not.toContain(name);
});

const KEPT = {
  secretName: 'shop-dev-login',
  state: 'PENDING_DELETION',
  timeOfDeletion: '2026-12-21T00:00:00Z',
};

test('a name that OCI keeps for a deleted secret is refused', () => {
  const checking = (secret: Partial<typeof KEPT>) => () =>
    checkFree('login', KEPT.secretName, { generation: 1, secrets: [{ ...KEPT, ...secret }] });
  expect(checking({})).toThrow(
    new Error(
      "login 'login': 'vault.generation' must be a number under which no secret is being deleted, got 1, whose name 'shop-dev-login' OCI keeps until 2026-12-21T00:00:00Z; say 2",
    ),
  );
  expect(checking({ state: 'ACTIVE' })).not.toThrow();
  expect(checking({ state: 'DELETED' })).not.toThrow();
  expect(checking({ secretName: 'another' })).not.toThrow();
});

test('OCI is asked for the name before anything is made', async () => {
  const asked: unknown[] = [];
  const answers = {
    [FOUND]: (inputs: Record<string, unknown>) => {
      asked.push(inputs.name);
      return { secrets: [] };
    },
  };
  await registered(program(), answers);
  expect(asked.sort()).toEqual((await names()).sort());
});

test('a generation is a number', async () => {
  expect(await refusal(program({ generation: 0 }))).toBe(
    "blue-green deployment 'shop': 'vault.generation' must be a whole number of at least 1, got 0; correct it",
  );
});
