import type { RunnerHostArgs } from './args';
import { watchFiles } from './watch';

/** The versions of OCI's own client that `pontoon` was tried with. */
const OCI_CLIENT = '2.139.1';
const OCI_PACKAGES = ['oci-common', 'oci-dns', 'oci-networkloadbalancer', 'oci-secrets'];

/** What the host knows when it boots. None of it is secret. */
export type BootOptions = Pick<
  RunnerHostArgs,
  'pontoonPackage' | 'pontoonIntegrity' | 'clientMajorVersion'
> & { readonly hostKeySecretId: string };

/**
 * The script of the first boot. The host shows its own key only when everything is installed: whoever insists on that
 * key is let in by a host that is ready. The key is fetched again and again, since the host may not read it before it is
 * in its dynamic group.
 */
export function bootScript(options: BootOptions): string {
  const { clientMajorVersion: major, hostKeySecretId } = options;
  return [
    '#!/bin/bash',
    'set -euo pipefail',
    'umask 022',
    'exec >>/var/log/pontoon-boot.log 2>&1',
    'export OCI_CLI_AUTH=instance_principal',
    'retry() {',
    '  local wait',
    '  for wait in 5 10 20 40 60 60 60 60 60 60 60 60; do',
    '    "$@" && return 0',
    '    sleep "$wait"',
    '  done',
    '  "$@"',
    '}',
    '. /etc/os-release',
    'version=${VERSION_ID%%.*}',
    'retry dnf -qy module enable nodejs:20',
    'retry dnf -qy install nodejs npm jq',
    'if [ "$version" = 8 ]; then cli=python36-oci-cli; else cli=python39-oci-cli; fi',
    'type oci || retry dnf -qy install "$cli"',
    ...(major === undefined ? [] : clientPrograms(major)),
    ...installation(options),
    'pontoon --version',
    'fetch_key() {',
    '  local content',
    `  content=$(oci secrets secret-bundle get --secret-id ${quote(hostKeySecretId)} \\`,
    `    --query 'data."secret-bundle-content".content' --raw-output) || return 1`,
    '  (umask 077 && base64 -d <<<"$content" >/etc/ssh/pontoon_host_key)',
    '}',
    'systemctl enable --now pontoon-watch.timer',
    'retry fetch_key',
    'ssh-keygen -y -f /etc/ssh/pontoon_host_key >/etc/ssh/pontoon_host_key.pub',
    "sed -i '/^HostKey /d' /etc/ssh/sshd_config",
    "sed -i '1i HostKey /etc/ssh/pontoon_host_key' /etc/ssh/sshd_config",
    'restorecon /etc/ssh/pontoon_host_key /etc/ssh/pontoon_host_key.pub || true',
    'systemctl restart sshd',
    '',
  ].join('\n');
}

/** cloud-init's own format, in which JSON is YAML. */
export function cloudConfig(script: string): string {
  const path = '/opt/pontoon/boot.sh';
  const config = {
    write_files: [{ path, permissions: '0700', content: script }, ...watchFiles()],
    runcmd: [[path]],
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`;
}

/** Installs `pontoon` and what it talks to OCI with; nothing at all if the package is another one than was meant. */
export function installation({
  pontoonPackage,
  pontoonIntegrity,
}: Pick<BootOptions, 'pontoonPackage' | 'pontoonIntegrity'>): readonly string[] {
  const clients = OCI_PACKAGES.map((name) => quote(`${name}@${OCI_CLIENT}`)).join(' ');
  const install = 'retry npm install --global --no-audit --no-fund';
  if (pontoonIntegrity === undefined) return [`${install} ${quote(pontoonPackage)} ${clients}`];
  const digest = Buffer.from(pontoonIntegrity.replace(/^sha512-/, ''), 'base64').toString('hex');
  return [
    'fetched=$(mktemp -d)',
    'fetch_package() {',
    '  rm -f "$fetched"/*.tgz',
    `  npm pack --silent --pack-destination "$fetched" ${quote(pontoonPackage)} >/dev/null`,
    '}',
    'retry fetch_package',
    'set -- "$fetched"/*.tgz',
    `if ! sha512sum --check --status <<<"${digest}  $1"; then`,
    "  echo 'what pontoonPackage names is not what pontoonIntegrity says; nothing is installed'",
    '  exit 1',
    'fi',
    `${install} "$1" ${clients}`,
  ];
}

function clientPrograms(major: number): string[] {
  return [
    'architecture=$(uname -m)',
    'pgdg=https://download.postgresql.org/pub/repos/yum/reporpms/EL-$version-$architecture/pgdg-redhat-repo-latest.noarch.rpm',
    'rpm -q pgdg-redhat-repo || retry dnf -qy install "$pgdg"',
    'dnf -qy module disable postgresql || true',
    `retry dnf -qy install postgresql${major}`,
  ];
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
