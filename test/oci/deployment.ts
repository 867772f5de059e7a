import type { BlueGreenDeploymentArgs, DbSystemOptions } from '../../lib/oci';
import { COMPARTMENT, SUBNET, VCN } from './programs';

/** The administrator of one side, whose passwords are in Vault. */
export function administered(side: string): DbSystemOptions {
  return {
    administrator: {
      username: 'pontoon_admin',
      passwordSecretId: `ocid1.vaultsecret.oc1..${side}-password`,
      loginSecretId: `ocid1.vaultsecret.oc1..${side}-login`,
    },
  };
}

/** A deployment from 16 to 17 of which everything is there. */
export function deployment(others: Partial<BlueGreenDeploymentArgs> = {}): BlueGreenDeploymentArgs {
  return {
    compartmentId: COMPARTMENT,
    vcnId: VCN,
    databaseSubnetId: SUBNET,
    endpointSubnetId: 'ocid1.subnet.oc1..endpoint',
    networks: {
      clients: ['10.0.1.0/24'],
      endpoint: ['10.0.2.0/24'],
      databases: ['10.0.3.0/24'],
      runner: ['10.0.4.0/24'],
    },
    database: 'shop',
    blue: { majorVersion: 16, dbSystem: administered('blue') },
    green: { majorVersion: 17, dbSystem: administered('green') },
    replication: { selection: { schemas: ['public'] }, schemaCopied: true },
    vault: { vaultId: 'ocid1.vault.oc1..shop', keyId: 'ocid1.key.oc1..shop' },
    runner: {
      host: '10.0.4.5',
      user: 'opc',
      hostKey: 'ssh-ed25519 AAAA',
      privateKey: 'the-private-key',
    },
    runnerGroupName: 'shop-runner',
    names: { zone: 'postgres.internal' },
    ...others,
  };
}
