import { PolicyPack } from '@pulumi/policy';
import { replicationPolicies } from 'pontoon/oci';

new PolicyPack('pontoon-replication', { policies: replicationPolicies });
