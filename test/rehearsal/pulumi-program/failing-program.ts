import * as oci from '@pulumi/oci';
import * as pulumi from '@pulumi/pulumi';
import { recordProgram } from '../../../lib/rehearsal/pulumi-program';

export const programs = {
  apply: () =>
    recordProgram({ project: 'site', stack: 'dev', config: {} }, () => {
      const compartmentId = pulumi.output('shop').apply((): string => {
        throw new Error('no such compartment');
      });
      const vcn = new oci.core.Vcn('main', { compartmentId });
      new oci.core.Vcn('other', { compartmentId });
      new oci.core.Subnet('inner', { compartmentId, vcnId: vcn.id });
    }),
};
