import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'fflate';

/** Where the standby's files lie on its disk. */
export const STANDBY_FILES = {
  /** What the boot script is told, one `NAME=value` a line. */
  parameters: '/etc/pontoon/standby.env',
  /** The settings given by the caller, in the syntax of postgresql.conf. */
  settings: '/etc/pontoon/conf.d/10-settings.conf',
  /** The access rules. */
  hba: '/etc/pontoon/pg_hba.conf',
  /** The map by which the operating system's postgres user is the administrating role. */
  ident: '/etc/pontoon/pg_ident.conf',
  /** The certificates by which the primary is verified. */
  primaryCa: '/etc/pontoon/primary-ca.pem',
  /** The boot script. */
  boot: '/opt/pontoon/boot.sh',
} as const;

/** The line that ends each file in the user data. */
export const END_OF_FILE = 'PONTOON_EOF';

/** How packages are installed: one name for each file `boot/21-*.sh`. */
export type PackageFamily = 'amazon-linux' | 'debian' | 'red-hat';

/** What the boot script is told. Values may be tokens. */
export interface BootParameters {
  readonly REGION: string;
  readonly MAJOR: string;
  readonly PACKAGES: 'pgdg' | 'distribution';
  readonly VOLUME_ID: string;
  readonly INTERFACE_ID: string;
  readonly ADDRESS: string;
  readonly SOURCE_CIDRS: string;
  readonly PRIMARY_HOST: string;
  readonly PRIMARY_PORT: string;
  readonly PRIMARY_SSLMODE: string;
  readonly SECRET_ARN: string;
  readonly SLOT: string;
  readonly LOCAL_ROLE: string;
  readonly MAX_RATE: string;
  readonly SIGNAL_URL: string;
  readonly SIGNAL_WHEN: 'streaming' | 'copy-begun';
  readonly TIMEOUT_SECONDS: string;
}

/** What goes into the standby's user data. */
export interface UserDataOptions {
  readonly family: PackageFamily;
  readonly parameters: BootParameters;
  /** Settings in the syntax of postgresql.conf. */
  readonly settings: string;
  /** Lines of pg_hba.conf. */
  readonly hba: string;
  /** PEM. */
  readonly primaryCa: string;
}

/** The user data: the files as heredocs, then the unit that runs the boot script on every boot. */
export function renderUserData(options: UserDataOptions): string {
  const role = options.parameters.LOCAL_ROLE;
  const parameters = Object.entries(options.parameters).map(([name, value]) => `${name}=${value}`);
  return [
    '#!/bin/bash',
    'set -eu',
    'umask 077',
    'mkdir -p /etc/pontoon/conf.d /opt/pontoon',
    file(STANDBY_FILES.parameters, parameters.join('\n')),
    file(STANDBY_FILES.settings, withoutComments(options.settings)),
    file(
      STANDBY_FILES.hba,
      `local all "${role}" peer map=pontoon\n${withoutComments(options.hba)}`,
    ),
    file(STANDBY_FILES.ident, `pontoon postgres "${role}"`),
    file(STANDBY_FILES.primaryCa, options.primaryCa),
    compressedFile(STANDBY_FILES.boot, withoutRemarks(bootScript(options.family))),
    file('/etc/systemd/system/pontoon-boot.service', BOOT_UNIT),
    'systemctl daemon-reload',
    'systemctl enable --now pontoon-boot.service',
    '',
  ].join('\n');
}

/** The boot script of `family`, joined from its parts. */
export function bootScript(family: PackageFamily): string {
  const read = (part: string): string =>
    readFileSync(join(__dirname, 'boot', `${part}.sh`), 'utf8').replace(/^#!.*\n/, '');
  return `#!/bin/bash\n${PARTS[family].map(read).join('\n')}`;
}

const REST = ['30-attach', '40-secrets', '50-copy', '60-server', '90-main'];

const PARTS: Readonly<Record<PackageFamily, readonly string[]>> = {
  'amazon-linux': ['10-report', '20-packages', '21-amazon-linux', ...REST],
  debian: ['10-report', '20-packages', '21-debian', '22-aws-tools', ...REST],
  'red-hat': ['10-report', '20-packages', '21-red-hat', '22-aws-tools', ...REST],
};

const BOOT_UNIT = `[Unit]
Description=Boot of the PostgreSQL standby
Wants=network-online.target
After=network-online.target
[Service]
ExecStart=/bin/bash ${STANDBY_FILES.boot}
Restart=on-failure
RestartSec=30
RestartPreventExitStatus=78
[Install]
WantedBy=multi-user.target`;

/** User data is small, and comments are in the caller's program. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/^(\s*[\w.]+\s*=\s*(?:'(?:[^']|'')*'|[^'#\s]+))\s+#.*$/, '$1'))
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n');
}

/** Whole lines of them only: what else has a # may be text. */
function withoutRemarks(script: string): string {
  return script.replace(/\n(?:\s*#.*\n|\n)+/g, '\n');
}

function file(path: string, text: string): string {
  return `cat > ${path} <<'${END_OF_FILE}'\n${text.trimEnd()}\n${END_OF_FILE}`;
}

/**
 * The script would leave hardly any room for the primary's certificate. Not by node:zlib, whose output
 * differs between processors and versions: the template, and with it the instance, would change.
 */
function compressedFile(path: string, text: string): string {
  const packed = Buffer.from(gzipSync(Buffer.from(text), { level: 9, mtime: 0 })).toString(
    'base64',
  );
  const lines = packed.match(/.{1,120}/g) ?? [];
  return `base64 -d <<'${END_OF_FILE}' | gunzip > ${path}\n${lines.join('\n')}\n${END_OF_FILE}`;
}
