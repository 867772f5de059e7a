import { X509Certificate } from 'node:crypto';
import {
  createTopology,
  isCidr,
  isIpv4,
  nameProblem,
  Platform,
  Problems,
  serverOf,
  supports,
} from '../../postgres';
import { regionProblems } from '../regions';
import { HostSslMode, type PostgresHostArgs } from './args';

/** @throws ValidationError with everything about the args that cannot work */
export function validate(name: string, args: PostgresHostArgs): void {
  const problems = new Problems();
  problems.collect(() => createTopology(args.topology));
  problems.collect(() => checkServer(args, problems));
  checkRegions(args, problems);
  checkAddresses(args, problems);
  checkLogins(args, problems);
  checkMachine(args, problems);
  problems.throwIfAny(`PostgresHost '${name}'`);
}

function checkServer({ topology, server, tls }: PostgresHostArgs, problems: Problems): void {
  const { platform, majorVersion } = serverOf(topology, server);
  problems.addIf(
    platform !== Platform.OCI_VM,
    `'server' must be on an OCI_VM, got '${server}', which is on ${platform}; name another one`,
  );
  problems.addIf(
    tls.sslMode === HostSslMode.VERIFY_FULL && !supports(majorVersion, 'certificate-address'),
    `'tls.sslMode' requires PostgreSQL 15 or later for VERIFY_FULL, got ${majorVersion}; take VERIFY_CA, with an authority that signs for nobody else`,
  );
  const certificate = certificateProblem(tls.caCertificate);
  if (certificate !== undefined) problems.add(certificate);
}

/** It never says what the text is: a key may be among it. */
function certificateProblem(text: string): string | undefined {
  if (/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text))
    return "'tls.caCertificate' must be certificates only, got a private key among them, which everybody on the machine could read; remove it, and take another key where this text has been";
  try {
    return new X509Certificate(text).ca
      ? undefined
      : "'tls.caCertificate' must be an authority's certificate, got one that may sign nothing; give the one that signed the servers' certificates";
  } catch {
    return "'tls.caCertificate' must be a certificate in PEM, got another text; give the text of the file, not its name";
  }
}

function checkRegions({ region, logins, archive }: PostgresHostArgs, problems: Problems): void {
  for (const problem of [
    ...regionProblems(region, 'region'),
    ...regionProblems(logins.secretsRegion, 'logins.secretsRegion'),
    ...(archive === undefined ? [] : regionProblems(archive.region, 'archive.region')),
  ])
    problems.add(problem);
}

function checkAddresses({ topology, addresses }: PostgresHostArgs, problems: Problems): void {
  const used = new Map<string, string>();
  for (const server of Object.keys(topology.servers)) {
    const address = addresses[server] ?? '';
    problems.addIf(
      !isIpv4(address),
      `'addresses.${server}' must be an IPv4 address, got ${JSON.stringify(address)}; choose a free one of the server's subnet`,
    );
    const other = used.get(address);
    problems.addIf(
      other !== undefined && isIpv4(address),
      `'addresses.${server}' must be the server's own, got ${address}, which is that of ${other}; choose another one`,
    );
    used.set(address, server);
  }
}

function checkLogins({ logins }: PostgresHostArgs, problems: Problems): void {
  const { administrator, administratorNetworks, clients = [], shellNetworks = [] } = logins;
  const problem = nameProblem(administrator, 'logins.administrator');
  if (problem !== undefined) problems.add(problem);
  problems.addIf(
    administrator === 'postgres',
    "'logins.administrator' cannot be 'postgres', which logs in on the machine itself only; choose another name",
  );
  problems.addIf(
    administratorNetworks.length === 0,
    "'logins.administratorNetworks' must have at least one network, got none; name that of the machine which pontoon runs on, like 10.1.0.0/16",
  );
  const networks = [
    ...administratorNetworks.map((cidr, n) => [cidr, `logins.administratorNetworks[${n}]`]),
    ...clients.flatMap((client, c) =>
      client.networks.map((cidr, n) => [cidr, `logins.clients[${c}].networks[${n}]`]),
    ),
    ...shellNetworks.map((cidr, n) => [cidr, `logins.shellNetworks[${n}]`]),
  ];
  for (const [cidr = '', what] of networks)
    problems.addIf(
      !isCidr(cidr),
      `'${what}' must be an IPv4 network as CIDR of /8 or smaller, got ${JSON.stringify(cidr)}; write it like 10.1.0.0/16`,
    );
}

function checkMachine({ machine }: PostgresHostArgs, problems: Problems): void {
  const { dataVolumeGiB = 100, packagesUrl, cliPackages, sshPublicKey } = machine;
  problems.addIf(
    !Number.isInteger(dataVolumeGiB) || dataVolumeGiB < 50 || dataVolumeGiB > 32_768,
    `'machine.dataVolumeGiB' must be a whole number from 50 to 32768, got ${dataVolumeGiB}; correct it`,
  );
  problems.addIf(
    packagesUrl !== undefined && !/^https:\/\/\S+[^/\s]$/.test(packagesUrl),
    `'machine.packagesUrl' must be an https URL without a slash at its end, got ${JSON.stringify(packagesUrl)}; correct it`,
  );
  problems.addIf(
    cliPackages !== undefined && !/^[\w.+-]+( [\w.+-]+)*$/.test(cliPackages),
    `'machine.cliPackages' must be names of packages separated by blanks, got ${JSON.stringify(cliPackages)}; correct it`,
  );
  problems.addIf(
    sshPublicKey !== undefined && !/^(ssh|ecdsa|sk)-\S+ [\w+/=]+[^\r\n]*\n?$/.test(sshPublicKey),
    "'machine.sshPublicKey' must be a public key of SSH, got another text; give the line of the .pub file",
  );
}
