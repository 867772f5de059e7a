import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { Problems } from '../../postgres';
import { proxyWithSecretKey, type RunnerConnection } from '../database-object';
import { MOST_METADATA, metadataSize } from '../instance-metadata';
import { createSecurityGroup, networkProblems } from '../networks';
import { PORT } from '../postgres-db-system';
import type { RunnerHostArgs } from './args';
import { bootScript, cloudConfig } from './boot';
import { USER } from './watch';

const DEFAULT_SHAPE = 'VM.Standard.E5.Flex';
const SSH = 22;
const HTTPS = 443;
const LONGEST_OCID = 255;

/**
 * A small private host on which `pontoon` runs, since the databases are private: objects are made from there, and
 * cutovers walked. It proves to OCI who it is by being that instance, holds no data, and may be replaced at any time.
 *
 * It may read the key by which it shows who it is, and nothing else: what it needs of a deployment, the deployment gives
 * to its dynamic group.
 *
 * @see https://docs.oracle.com/iaas/Content/Identity/Tasks/callingservicesfrominstances.htm
 */
export class RunnerHost extends pulumi.ComponentResource {
  /** The host. */
  public readonly instance: oci.core.Instance;
  /** The name of the dynamic group that only the host is in. */
  public readonly groupName: pulumi.Output<string>;
  /** How Pulumi reaches the host. */
  public readonly connection: RunnerConnection;

  constructor(name: string, args: RunnerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    const privateKey = pulumi.secret(args.privateKey);
    const proxy = args.proxy === undefined ? undefined : proxyWithSecretKey(args.proxy);
    super(
      'pontoon:index:RunnerHost',
      name,
      { ...args, privateKey, ...(proxy === undefined ? {} : { proxy }) },
      opts,
    );
    validate(name, args);
    this.instance = createInstance(name, args, this);
    const { tenancyId, compartmentId, hostKey } = args;
    const label = `${pulumi.getProject()}-${pulumi.getStack()}-${name}`;
    const group = new oci.identity.DynamicGroup(
      `${name}-group`,
      {
        compartmentId: tenancyId,
        name: label,
        description: 'The host on which pontoon runs',
        matchingRule: pulumi.interpolate`instance.id = '${this.instance.id}'`,
      },
      { parent: this },
    );
    new oci.identity.Policy(
      `${name}-policy`,
      {
        compartmentId,
        name: label,
        description: 'The host on which pontoon runs reads the key by which it shows who it is',
        statements: [
          pulumi.interpolate`Allow dynamic-group ${group.name} to read secret-bundles in compartment id ${compartmentId} where target.secret.id = '${hostKey.privateKeySecretId}'`,
        ],
      },
      { parent: this },
    );
    this.groupName = group.name;
    this.connection = {
      host: this.instance.privateIp,
      user: USER,
      watches: true,
      hostKey: hostKey.publicKey,
      privateKey,
      ...(proxy === undefined ? {} : { proxy }),
    };
    this.registerOutputs({ instanceId: this.instance.id, groupName: this.groupName });
  }
}

function createInstance(
  name: string,
  args: RunnerHostArgs,
  parent: pulumi.Resource,
): oci.core.Instance {
  const { shape = DEFAULT_SHAPE, hostKey } = args;
  const userData = pulumi
    .output(hostKey.privateKeySecretId)
    .apply((hostKeySecretId) => renderUserData(args, hostKeySecretId));
  return new oci.core.Instance(
    name,
    {
      compartmentId: args.compartmentId,
      availabilityDomain: args.availabilityDomain,
      displayName: name,
      shape,
      ...(shape.endsWith('.Flex') ? { shapeConfig: { ocpus: 1, memoryInGbs: 8 } } : {}),
      sourceDetails: { sourceType: 'image', sourceId: args.imageId },
      createVnicDetails: {
        subnetId: args.subnetId,
        assignPublicIp: 'false',
        nsgIds: securityGroups(name, args, parent).map(({ id }) => id),
      },
      instanceOptions: { areLegacyImdsEndpointsDisabled: true },
      isPvEncryptionInTransitEnabled: true,
      metadata: { ssh_authorized_keys: args.publicKey, user_data: userData },
    },
    { parent },
  );
}

function renderUserData(args: RunnerHostArgs, hostKeySecretId: string): string {
  const { pontoonPackage, pontoonIntegrity, clientMajorVersion } = args;
  const script = bootScript({
    pontoonPackage,
    hostKeySecretId,
    ...(pontoonIntegrity === undefined ? {} : { pontoonIntegrity }),
    ...(clientMajorVersion === undefined ? {} : { clientMajorVersion }),
  });
  return Buffer.from(cloudConfig(script)).toString('base64');
}

function securityGroups(
  name: string,
  { compartmentId, vcnId, adminNetworks, databaseNetworks }: RunnerHostArgs,
  parent: pulumi.Resource,
): oci.core.NetworkSecurityGroup[] {
  const group = (what: string, port: number, from: string[], to: string[]) =>
    createSecurityGroup(`${name}-${what}`, { compartmentId, vcnId, port, from, to }, parent);
  return [
    group('ssh', SSH, adminNetworks, []),
    group('databases', PORT, [], databaseNetworks),
    // Services of OCI and package registries have no addresses that could be named.
    group('services', HTTPS, [], ['0.0.0.0/0']),
  ];
}

function validate(name: string, args: RunnerHostArgs): void {
  const problems = new Problems();
  const { pontoonPackage, clientMajorVersion: major, hostKey, publicKey } = args;
  for (const what of ['adminNetworks', 'databaseNetworks'] as const) {
    problems.addIf(
      args[what].length === 0,
      `'${what}' must have at least one network, got none; write them like 10.1.0.0/16`,
    );
    for (const problem of networkProblems(args[what], what)) problems.add(problem);
  }
  problems.addIf(
    !/^((@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+[\w.+-]*|https:\/\/[^\s']+\.tgz)$/.test(pontoonPackage),
    `'pontoonPackage' must be a package with an exact version or the HTTPS address of a tarball, got ${JSON.stringify(pontoonPackage)}; write it like pontoon@0.1.0`,
  );
  checkIntegrity(args, problems);
  problems.addIf(
    major !== undefined && !Number.isInteger(major),
    `'clientMajorVersion' must be a PostgreSQL major, got ${major}; correct it`,
  );
  for (const [what, key] of Object.entries({ 'hostKey.publicKey': hostKey.publicKey, publicKey }))
    problems.addIf(
      !/^(ssh|ecdsa)-\S+ [\w+/=]+/.test(key),
      `'${what}' must be a public key of SSH, got another text; give the line of the .pub file`,
    );
  const size = metadataSize({
    ssh_authorized_keys: publicKey,
    user_data: renderUserData(args, 'x'.repeat(LONGEST_OCID)),
  });
  problems.addIf(
    size > MOST_METADATA,
    `the host's metadata must be at most ${MOST_METADATA} bytes, got ${size}; shorten 'publicKey' or 'pontoonPackage'`,
  );
  problems.throwIfAny(`runner host '${name}'`);
}

function checkIntegrity(
  { pontoonPackage, pontoonIntegrity: integrity }: RunnerHostArgs,
  problems: Problems,
): void {
  problems.addIf(
    integrity !== undefined && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity),
    `'pontoonIntegrity' must be sha512- and the digest in base64, got ${JSON.stringify(integrity)}; copy it from npm pack --json`,
  );
  problems.addIf(
    integrity === undefined && pontoonPackage.startsWith('https:'),
    "'pontoonIntegrity' must be given for the address of a tarball, got nothing; what lies there might be changed, and runs on a host that may read all logins: copy it from npm pack --json",
  );
}
