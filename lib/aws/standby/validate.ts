import { Token } from 'aws-cdk-lib';
import { isIpv4, KNOWN_MAJORS, knownMajor, Problems, slotNameProblem } from '../../postgres';
import { certificateProblem } from './certificates';
import { instanceTypeOf } from './machine';
import { networkProblems } from './network';
import type { IntermediaryStandbyProps, StandbyHostOptions } from './props';
import { END_OF_FILE } from './user-data';

/** Families of the Xen system, whose volumes have no NVMe name. */
const XEN = /^(t1|t2|m[1-4]|c1|c3|c4|r3|r4|x1|x1e|d2|h1|i2|i3|g3|g3s|p2|p3|f1)\./;

/** Throws a ValidationError with everything that is wrong with `props`. */
export function validateStandby(props: IntermediaryStandbyProps): void {
  const problems = new Problems();
  checkCopy(props, problems);
  for (const problem of hostProblems(props)) problems.add(problem);
  checkPrimary(props, problems);
  checkFiles(props, problems);
  problems.throwIfAny('IntermediaryStandby');
}

/** Says what is wrong with what was chosen about the machine. */
export function hostProblems(options: StandbyHostOptions): readonly string[] {
  const problems = new Problems();
  const { copyMaxRateMiB: rate, dataVolumeGiB: size } = options;
  const type = instanceTypeOf(options).toString();
  problems.addIf(
    XEN.test(type),
    `'instanceType' must be of the Nitro system, got ${type}; its volumes have the names by which the boot script finds them: take t3, m5, r5 or a later one`,
  );
  checkTimeout(options, problems);
  problems.addIf(
    rate !== undefined && (!Number.isInteger(rate) || rate < 1 || rate > 1024),
    `'copyMaxRateMiB' must be a whole number from 1 to 1024, got ${rate}; correct it, or leave it out for no limit`,
  );
  problems.addIf(
    !Number.isInteger(size) || size < 1,
    `'dataVolumeGiB' must be a whole number above 0, got ${size}; give the size of the primary's data and more`,
  );
  checkSpeed(options, problems);
  return problems.list();
}

/** Says what is wrong with the host of a primary. Tokens are not looked at. */
export function hostProblem(host: string, what: string): string | undefined {
  if (Token.isUnresolved(host) || /^[A-Za-z0-9.:_-]+$/.test(host)) return undefined;
  return `'${what}' must be a host name or an address, got ${JSON.stringify(host)}; correct it`;
}

/** Says what is wrong with the role that the instance's own postgres user is on the standby. */
export function superuserProblem(superuser: string, what: string): string | undefined {
  if (superuser !== '' && !/["\r\n]/.test(superuser)) return undefined;
  return `'${what}' cannot be empty or contain a double quote or a line break, got ${JSON.stringify(superuser)}; give another superuser of the primary`;
}

function checkCopy(props: IntermediaryStandbyProps, problems: Problems): void {
  const { majorVersion, superuser = 'postgres', privateIpAddress: address } = props;
  problems.addIf(
    !Number.isInteger(majorVersion) || knownMajor(majorVersion) === 'too-old',
    `'majorVersion' must be a PostgreSQL major from ${KNOWN_MAJORS.oldest}, got ${majorVersion}; give the primary's major`,
  );
  const user = superuserProblem(superuser, 'superuser');
  if (user !== undefined) problems.add(user);
  problems.addIf(
    known(address) && !isIpv4(address),
    `'privateIpAddress' must be an IPv4 address, got ${JSON.stringify(address)}; take a free one of the subnet`,
  );
}

function checkTimeout({ timeout }: StandbyHostOptions, problems: Problems): void {
  if (timeout === undefined) return;
  if (timeout.isUnresolved()) {
    problems.add(
      "'timeout' must be known while the program runs, got a CDK token; write the plain value",
    );
    return;
  }
  const seconds = timeout.toSeconds();
  problems.addIf(
    seconds < 600 || seconds > 43_200,
    `'timeout' must be from 10 minutes to 12 hours, got ${seconds} seconds; for a longer copy set 'signalWhen' to COPY_BEGUN, and make what reads from the standby in a later deployment`,
  );
}

function checkSpeed(options: StandbyHostOptions, problems: Problems): void {
  const { dataVolumeIops: iops = 3000, dataVolumeThroughput: throughput = 125 } = options;
  problems.addIf(
    !Number.isInteger(iops) || iops < 3000,
    `'dataVolumeIops' must be a whole number from 3000, got ${iops}; gp3 volumes have no fewer`,
  );
  problems.addIf(
    iops > 500 * options.dataVolumeGiB && options.dataVolumeGiB >= 1 && Number.isInteger(iops),
    `'dataVolumeGiB' must be at least ${Math.ceil(iops / 500)} for ${iops} operations a second, got ${options.dataVolumeGiB}; gp3 volumes have at most 500 for each GiB, so raise it`,
  );
  problems.addIf(
    !Number.isInteger(throughput) || throughput < 125 || throughput > iops / 4,
    `'dataVolumeThroughput' must be a whole number from 125 to a quarter of the IOPS (${iops}), got ${throughput}; raise 'dataVolumeIops' or lower it`,
  );
}

function checkPrimary({ primary }: IntermediaryStandbyProps, problems: Problems): void {
  const { host, port = 5432, slotName, cidrs, caCertificate } = primary;
  const name = hostProblem(host, 'primary.host');
  if (name !== undefined) problems.add(name);
  problems.addIf(
    known(port) && (!Number.isInteger(port) || port < 1 || port > 65_535),
    `'primary.port' must be from 1 to 65535, got ${port}; correct it`,
  );
  const slot = slotNameProblem(slotName, 'primary.slotName');
  if (slot !== undefined) problems.add(slot);
  for (const problem of networkProblems(cidrs, 'primary.cidrs')) problems.add(problem);
  const certificate = certificateProblem(caCertificate, 'primary.caCertificate');
  if (certificate !== undefined) problems.add(certificate);
}

function checkFiles(props: IntermediaryStandbyProps, problems: Problems): void {
  const files = { conf: props.conf, hba: props.hba, caCertificate: props.primary.caCertificate };
  for (const [name, text] of Object.entries(files)) {
    problems.addIf(
      text.split(/\r?\n/).includes(END_OF_FILE),
      `'${name}' cannot contain the line ${END_OF_FILE}, which ends a file in the user data; remove it`,
    );
  }
  for (const [index, line] of props.hba.split('\n').entries()) {
    problems.addIf(
      !line.startsWith('#') && /\s(trust|password|md5|0\.0\.0\.0\/0|::\/0)(\s|$)/.test(line),
      `'hba' line ${index + 1} must name a network and use scram-sha-256, got ${JSON.stringify(line)}; admit the consumers' subnets only`,
    );
  }
}

function known<T extends string | number>(value: T | undefined): value is T {
  return value !== undefined && !Token.isUnresolved(value);
}
