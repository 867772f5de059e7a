import { join } from 'node:path';
import {
  compress,
  HOST_FILES,
  hostPart,
  joinScript,
  withoutComments,
  withoutRemarks,
} from '../../host';
import { ValidationError } from '../../postgres';
import { MOST_METADATA, metadataSize } from '../instance-metadata';

/** Where a server's files lie on its disk, beside those of every machine. */
export const SERVER_FILES = {
  ...HOST_FILES,
  /** What the boot script is told, one `NAME=value` a line. */
  parameters: '/etc/pontoon/server.env',
  /** What the archiving script is told, in the same form. */
  archive: '/etc/pontoon/archive.env',
  /** The archiving script. */
  archiver: '/opt/pontoon/archive.sh',
} as const;

/** What the script is told that keeps the log. */
export interface ArchiveParameters {
  readonly REGION: string;
  readonly NAMESPACE: string;
  readonly BUCKET: string;
  readonly PREFIX: string;
}

/** What goes into a server's user data. */
export interface ServerFiles {
  /** What the boot script is told. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Settings in the syntax of postgresql.conf. */
  readonly settings: string;
  /** Lines of pg_hba.conf. */
  readonly hba: string;
  /** PEM. */
  readonly caCertificate: string;
  readonly archive?: ArchiveParameters;
}

/** The superuser that the machine's own postgres user is. */
export const LOCAL_ROLE = 'postgres';

/** What OCI tells a machine. */
export interface Metadata extends Record<string, string> {
  readonly user_data: string;
}

/** The metadata of the machine: its user data, in base64 as OCI wants it, and who logs in to it. */
export function renderMetadata(
  server: string,
  files: ServerFiles,
  sshPublicKey?: string,
): Metadata {
  const metadata = {
    user_data: Buffer.from(renderUserData(files)).toString('base64'),
    ...(sshPublicKey === undefined ? {} : { ssh_authorized_keys: sshPublicKey.trim() }),
  };
  const size = metadataSize(metadata);
  if (size > MOST_METADATA)
    throw new ValidationError(`server '${server}'`, [
      `the machine's metadata must be at most ${MOST_METADATA} bytes, got ${size}; shorten 'tls.caCertificate' to the one authority that is needed`,
    ]);
  return metadata;
}

/** The user data: cloud-config whose YAML is JSON, with the files as plain text but for the scripts. */
export function renderUserData(files: ServerFiles): string {
  const { archive } = files;
  const config = {
    write_files: [
      file(SERVER_FILES.parameters, lines(files.parameters)),
      file(SERVER_FILES.settings, withoutComments(files.settings)),
      file(
        SERVER_FILES.hba,
        `local all "${LOCAL_ROLE}" peer map=pontoon\n${withoutComments(files.hba)}`,
      ),
      file(SERVER_FILES.ident, `pontoon postgres "${LOCAL_ROLE}"`),
      file(SERVER_FILES.primaryCa, files.caCertificate),
      packed(SERVER_FILES.boot, withoutRemarks(bootScript('red-hat')), '0700'),
      ...(archive === undefined
        ? []
        : [
            file(SERVER_FILES.archive, lines({ ...archive })),
            packed(SERVER_FILES.archiver, archiveScript(), '0755'),
          ]),
      file('/etc/systemd/system/pontoon-boot.service', BOOT_UNIT, '0644'),
    ],
    runcmd: [
      ['systemctl', 'daemon-reload'],
      ['systemctl', 'enable', '--now', 'pontoon-boot.service'],
    ],
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 1)}\n`;
}

/** The boot script, joined from its parts, with the package commands of `family`. */
export function bootScript(family: 'red-hat' | 'debian'): string {
  return joinScript(SERVER_FILES.parameters, [
    ...[...HOST_PARTS, `21-${family}`].map(hostPart),
    ...OWN_PARTS.map((part) => join(__dirname, 'boot', `${part}.sh`)),
  ]);
}

/** The script that keeps segments of the log in Object Storage, and brings them back. */
export function archiveScript(): string {
  return joinScript(SERVER_FILES.archive, [join(__dirname, 'boot', 'archive.sh')]);
}

const HOST_PARTS = ['10-ground', '20-packages', '30-volume', '40-secrets', '50-copy', '60-server'];
const OWN_PARTS = [
  '11-cloud',
  '22-cloud-tools',
  '31-attach',
  '41-certificate',
  '55-cluster',
  '56-peers',
  '61-streaming',
  '70-metrics',
  '90-main',
];

const BOOT_UNIT = `[Unit]
Description=Boot of the PostgreSQL server
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/bin/bash ${SERVER_FILES.boot}
Restart=on-failure
RestartSec=30
[Install]
WantedBy=multi-user.target`;

function lines(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${oneLine(name, value)}`)
    .join('\n');
}

/** Another line would be another parameter. */
function oneLine(name: string, value: string): string {
  if (!/[\r\n]/.test(value)) return value;
  throw new ValidationError('the files of a server', [
    `'${name}' must be one line, got a line break; remove it`,
  ]);
}

function file(path: string, content: string, permissions = '0640') {
  return { path, permissions, content: `${content.trimEnd()}\n` };
}

/** There is little room. */
function packed(path: string, content: string, permissions: string) {
  return { path, permissions, encoding: 'gz+b64', content: compress(content) };
}
