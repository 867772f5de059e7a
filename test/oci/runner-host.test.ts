import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { RunnerHost, type RunnerHostArgs } from '../../lib/oci';
import { bootScript, installation } from '../../lib/oci/runner-host/boot';
import { WATCH, watchScript } from '../../lib/oci/runner-host/watch';
import { cloudConfigRemarks, cloudInitIsThere } from './cloud-config';
import { exposures } from './described';
import { COMPARTMENT, ofType, only, refusal, registered, SUBNET, VCN } from './programs';
import { userDataOf } from './user-data';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA';
const INSTANCE = 'oci:Core/instance:Instance';
const RULE = 'oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule';

function args(others: Partial<RunnerHostArgs> = {}): RunnerHostArgs {
  return {
    compartmentId: COMPARTMENT,
    tenancyId: 'ocid1.tenancy.oc1..shop',
    availabilityDomain: 'Uocm:PHX-AD-1',
    vcnId: VCN,
    subnetId: SUBNET,
    imageId: 'ocid1.image.oc1..ol9',
    pontoonPackage: 'pontoon@0.1.0',
    clientMajorVersion: 16,
    adminNetworks: ['10.0.5.0/24'],
    databaseNetworks: ['10.0.3.0/24'],
    hostKey: { publicKey: KEY, privateKeySecretId: 'ocid1.vaultsecret.oc1..hostkey' },
    publicKey: KEY,
    privateKey: 'the-private-key',
    ...others,
  };
}

test('a host is private, tells nobody its role over the old metadata service, and encrypts what it writes', async () => {
  const resources = await registered(() => new RunnerHost('runner', args()));
  expect(only(resources, INSTANCE).inputs).toMatchObject({
    createVnicDetails: { subnetId: SUBNET, assignPublicIp: 'false' },
    instanceOptions: { areLegacyImdsEndpointsDisabled: true },
    isPvEncryptionInTransitEnabled: true,
    metadata: { ssh_authorized_keys: KEY },
  });
});

test('what it boots with names secrets, and holds none', async () => {
  const resources = await registered(() => new RunnerHost('runner', args()));
  const { user_data: data } = only(resources, INSTANCE).inputs.metadata as { user_data: string };
  const text = Buffer.from(data, 'base64').toString();
  expect(text).toMatch(/^#cloud-config\n/);
  expect(JSON.parse(text.replace('#cloud-config\n', ''))).toMatchObject({
    runcmd: [['/opt/pontoon/boot.sh']],
  });
  expect(text).toContain('ocid1.vaultsecret.oc1..hostkey');
  expect(text).not.toContain('the-private-key');
  expect(JSON.stringify(only(resources, INSTANCE).inputs.metadata).length).toBeLessThan(32_000);
});

test('plain keys are kept as secrets, and handed on as such', async () => {
  const proxy = { host: 'b', user: 'b', hostKey: 'ssh-rsa BBBB', privateKey: 'the-private-key-2' };
  const resources = await registered(() => {
    const { connection } = new RunnerHost('runner', args({ proxy }));
    new pulumi.ComponentResource('a:user:s', 'own', { connection });
  });
  expect(exposures(resources, 'the-private-key')).toEqual([]);
});

test('it is logged in to from named networks, and reaches databases and services', async () => {
  const resources = await registered(() => new RunnerHost('runner', args()));
  const rules = ofType(resources, RULE).map(({ inputs }) => [
    inputs.direction,
    inputs.source ?? inputs.destination,
    (inputs.tcpOptions as { destinationPortRange: { min: number } }).destinationPortRange.min,
  ]);
  expect(rules.sort()).toEqual([
    ['EGRESS', '0.0.0.0/0', 443],
    ['EGRESS', '10.0.3.0/24', 5432],
    ['INGRESS', '10.0.5.0/24', 22],
  ]);
});

test('it may read the key by which it shows who it is', async () => {
  const resources = await registered(() => new RunnerHost('runner', args()));
  expect(only(resources, 'oci:Identity/dynamicGroup:DynamicGroup').inputs.matchingRule).toBe(
    "instance.id = 'ocid1.instance.oc1..runner'",
  );
  expect(only(resources, 'oci:Identity/policy:Policy').inputs.statements).toEqual([
    `Allow dynamic-group shop-dev-runner to read secret-bundles in compartment id ${COMPARTMENT} where target.secret.id = 'ocid1.vaultsecret.oc1..hostkey'`,
  ]);
});

test('everything that is wrong is said at once', async () => {
  const wrong = args({
    adminNetworks: ['0.0.0.0/0'],
    databaseNetworks: [],
    pontoonPackage: 'pontoon@latest',
    publicKey: 'AAAA',
    clientMajorVersion: 16.2,
  });
  expect(await refusal(() => new RunnerHost('runner', wrong))).toBe(
    [
      "runner host 'runner' has 5 problems:",
      '- \'adminNetworks[0]\' must be a network as CIDR and not every address, got "0.0.0.0/0"; write it like 10.1.0.0/16',
      "- 'databaseNetworks' must have at least one network, got none; write them like 10.1.0.0/16",
      '- \'pontoonPackage\' must be a package with an exact version or the HTTPS address of a tarball, got "pontoon@latest"; write it like pontoon@0.1.0',
      "- 'clientMajorVersion' must be a PostgreSQL major, got 16.2; correct it",
      "- 'publicKey' must be a public key of SSH, got another text; give the line of the .pub file",
    ].join('\n'),
  );
});

const TARBALL = 'https://packages.example/pontoon-0.1.0.tgz';

function integrityOf(content: string): string {
  return `sha512-${createHash('sha512').update(content).digest('base64')}`;
}

test.each([
  [
    'a tarball that nobody says the content of',
    { pontoonPackage: TARBALL },
    "'pontoonIntegrity' must be given for the address of a tarball, got nothing; what lies there might be changed, and runs on a host that may read all logins: copy it from npm pack --json",
  ],
  [
    'a weaker digest',
    { pontoonPackage: TARBALL, pontoonIntegrity: 'sha1-abc' },
    '\'pontoonIntegrity\' must be sha512- and the digest in base64, got "sha1-abc"; copy it from npm pack --json',
  ],
  [
    'more than OCI takes',
    { publicKey: `ssh-rsa ${'A'.repeat(32_000)}` },
    expect.stringMatching(
      /^the host's metadata must be at most 32000 bytes, got 3\d{4}; shorten 'publicKey' or 'pontoonPackage'$/,
    ),
  ],
])('%s is refused', async (_, others, problem) => {
  const text = await refusal(() => new RunnerHost('runner', args(others)));
  expect(text.replace("runner host 'runner': ", '')).toEqual(problem);
});

/** Runs what installs the package, where npm has `content` for it, and says what else npm was asked. */
function installed(content: string, pontoonIntegrity: string) {
  const lines = installation({ pontoonPackage: TARBALL, pontoonIntegrity });
  const npm = [
    'set -euo pipefail',
    'retry() { "$@"; }',
    'npm() {',
    '  if [ "$1" = pack ]; then printf %s "$CONTENT" >"$4/pontoon-0.1.0.tgz"; else echo "npm $*"; fi',
    '}',
  ];
  const directory = mkdtempSync(join(tmpdir(), 'pontoon-install-'));
  try {
    const { stdout, status } = spawnSync('bash', ['-s'], {
      input: [...npm, ...lines].join('\n'),
      encoding: 'utf8',
      env: { ...process.env, CONTENT: content, TMPDIR: directory },
    });
    return { said: stdout.replaceAll(directory, ''), status };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('a tarball that is what it must be is installed, and nothing of another one', () => {
  const integrity = integrityOf('the package');
  expect(installed('the package', integrity)).toEqual({
    said: expect.stringMatching(
      /^npm install --global --no-audit --no-fund \/tmp\.\w+\/pontoon-0\.1\.0\.tgz oci-common@/,
    ),
    status: 0,
  });
  expect(installed('another package', integrity)).toEqual({
    said: 'what pontoonPackage names is not what pontoonIntegrity says; nothing is installed\n',
    status: 1,
  });
});

const script = bootScript({
  pontoonPackage: 'pontoon@0.1.0',
  pontoonIntegrity: integrityOf('the package'),
  clientMajorVersion: 16,
  hostKeySecretId: 'ocid1.vaultsecret.oc1..hostkey',
});

test('bash can parse the script of the first boot', () => {
  const { stderr, status } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
});

const present = spawnSync('shellcheck', ['--version']).error === undefined;
if (!present) process.stderr.write('runner host: not checked, shellcheck is not installed\n');

const checks = cloudInitIsThere();
if (!checks)
  process.stderr.write('user data of a runner host: not checked, cloud-init is not installed\n');

(checks ? test : test.skip)('cloud-init finds nothing in what the host is told', async () => {
  const resources = await registered(() => new RunnerHost('runner', args()));
  expect(cloudConfigRemarks(userDataOf(only(resources, INSTANCE)))).toBe('');
});

// SC1091: /etc/os-release is the machine's.
(present ? test : test.skip)('shellcheck finds nothing in it', () => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-e', 'SC1091', '-'], {
    input: script,
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
});

/** Answers `status` with the input itself, and lifts a fence as the input says. */
const PONTOON = `read -r input
case "$*" in
  'status --ways --json') echo "$input" | grep -v fails ;;
  'cutover --lift-expired') echo 'it is open again'; exit "$(echo "$input" | jq '.lift // 0')" ;;
  *) exit 2 ;;
esac`;

/** What the host posts of deployments, by their names, of which `pontoon` says what they hold. */
function posted(deployments: Readonly<Record<string, string>>): {
  readonly metrics: readonly unknown[];
  readonly said: readonly string[];
} {
  const home = mkdtempSync(join(tmpdir(), 'pontoon-watch-'));
  try {
    mkdirSync(join(home, WATCH.directory), { recursive: true });
    for (const [name, cutover] of Object.entries(deployments))
      writeFileSync(
        join(home, WATCH.directory, `${name}.json`),
        JSON.stringify({ compartmentId: 'the compartment', cutover }),
      );
    for (const [program, lines] of Object.entries({
      curl: 'echo us-ashburn-1',
      pontoon: PONTOON,
      oci: 'cat "${5#file://}" && echo "$*" >&2',
    }))
      writeFileSync(join(home, program), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    const { stdout, stderr } = spawnSync('bash', ['-s'], {
      input: watchScript().replace('>/dev/null', ''),
      encoding: 'utf8',
      env: { HOME: home, PATH: `${home}:${process.env.PATH}` },
    });
    const lines = stdout.split('\n').filter((line) => line !== '');
    const said = stderr.replaceAll(home, '~').trim().split('\n');
    return { metrics: lines.flatMap((line) => JSON.parse(line)), said };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const metric = (name: string, value: number, way?: string) => ({
  name,
  namespace: 'pontoon_blue_green',
  compartmentId: 'the compartment',
  datapoints: [{ timestamp: expect.stringMatching(/^\d{4}-.*Z$/), value }],
  dimensions: { deployment: 'shop', ...(way === undefined ? {} : { way }) },
});
const sent = (name: string) =>
  `monitoring metric-data post --metric-data file://~/.pontoon/watch/${name}.json.metrics --endpoint https://telemetry-ingestion.us-ashburn-1.oraclecloud.com`;

test('the host posts of each deployment what its slots keep, and nothing of one that cannot be asked', () => {
  const status = {
    forward: { state: 'stalled', lagBytes: 0, keptBytes: 5 * 1024 * 1024 },
    reverse: { state: 'copying' },
    gates: [],
  };
  const { metrics, said } = posted({
    shop: JSON.stringify(status),
    lost: '{"lift": 3, "now": "fails"}',
  });
  expect(metrics).toEqual([
    metric('FenceOverdue', 0),
    metric('Watched', 1),
    metric('SlotLagMiB', 5, 'forward'),
    metric('Stalled', 1, 'forward'),
    metric('Stalled', 0, 'reverse'),
  ]);
  expect(said).toEqual([
    'it is open again',
    'nothing was posted of lost',
    'it is open again',
    sent('shop'),
  ]);
});

test.each([
  ['is lifted', 0, [metric('FenceOverdue', 0)], sent('shop')],
  ['cannot be lifted', 1, [metric('FenceOverdue', 1)], sent('shop')],
  ['is not lifted in time', 124, [metric('FenceOverdue', 1)], sent('shop')],
  ['is unknown', 3, [], 'nothing was posted of shop'],
])('a fence that %s is told, whatever else can be asked', (_, code, metrics, said) => {
  expect(posted({ shop: JSON.stringify({ lift: code, now: 'fails' }) })).toEqual({
    metrics,
    said: ['it is open again', said],
  });
});

(present ? test : test.skip)('shellcheck finds nothing in what watches', () => {
  const { stdout } = spawnSync('shellcheck', ['-s', 'bash', '-'], {
    input: watchScript(),
    encoding: 'utf8',
  });
  expect(stdout).toBe('');
});
