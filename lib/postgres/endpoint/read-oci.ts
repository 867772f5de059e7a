import type { Reader } from '../reader';
import { addressProblem, hostProblem } from './names';
import { readTexts, refuseIf, refuseSame } from './sides';
import type { OciNetworkLoadBalancerSpec, OciPrivateDnsRecordSpec } from './spec';

const DEFAULT_TTL_SECONDS = 5;
const LONGEST_TTL_SECONDS = 60;

/** Reads the backends of a network load balancer. Problems go to the reader's list. */
export function readLoadBalancer(reader: Reader): OciNetworkLoadBalancerSpec {
  const region = reader.optionalText('region');
  const spec: OciNetworkLoadBalancerSpec = {
    kind: 'oci-network-load-balancer',
    networkLoadBalancerId: readOcid(reader, 'networkLoadBalancerId'),
    backendSetName: reader.text('backendSetName'),
    ...(region === undefined ? {} : { region }),
    sides: readTexts(reader, addressProblem),
  };
  refuseSame(reader, Object.values(spec.sides));
  return spec;
}

/** Reads a record of a private zone. Problems go to the reader's list. */
export function readPrivateRecord(reader: Reader): OciPrivateDnsRecordSpec {
  const region = reader.optionalText('region');
  const spec: OciPrivateDnsRecordSpec = {
    kind: 'oci-private-dns-record',
    zoneId: readOcid(reader, 'zoneId'),
    viewId: readOcid(reader, 'viewId'),
    recordName: reader.text('recordName'),
    ttlSeconds: reader.optionalInteger('ttlSeconds', 1) ?? DEFAULT_TTL_SECONDS,
    ...(region === undefined ? {} : { region }),
    sides: readTexts(reader, addressProblem),
  };
  if (spec.ttlSeconds > LONGEST_TTL_SECONDS) {
    reader.refuse(
      'ttlSeconds',
      `must be at most ${LONGEST_TTL_SECONDS}`,
      'clients stay on the old side for so long; use a few seconds',
    );
  }
  refuseIf(reader, 'recordName', hostProblem(spec.recordName));
  refuseSame(reader, Object.values(spec.sides));
  return spec;
}

function readOcid(reader: Reader, key: string): string {
  const id = reader.text(key);
  if (id !== '' && !id.startsWith('ocid1.'))
    reader.refuse(key, 'must be an OCID, which begins with ocid1.', 'copy it from OCI');
  return id;
}
