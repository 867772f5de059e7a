import { join } from 'node:path';
import {
  compress,
  HOST_FILES,
  hostPart,
  joinScript,
  withoutComments,
  withoutRemarks,
} from '../../host';

/** Where the standby's files lie on its disk. */
export const STANDBY_FILES = {
  /** What the boot script is told, one `NAME=value` a line. */
  parameters: '/etc/pontoon/standby.env',
  ...HOST_FILES,
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
  const own = [...OWN_PARTS, ...(family === 'amazon-linux' ? [] : ['22-aws-tools'])];
  return joinScript(STANDBY_FILES.parameters, [
    ...[...HOST_PARTS, `21-${family}`].map(hostPart),
    ...own.map((part) => join(__dirname, 'boot', `${part}.sh`)),
  ]);
}

const HOST_PARTS = ['10-ground', '20-packages', '30-volume', '40-secrets', '50-copy', '60-server'];
const OWN_PARTS = ['11-report', '31-attach', '41-certificate', '61-streaming', '90-main'];

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

function file(path: string, text: string): string {
  return `cat > ${path} <<'${END_OF_FILE}'\n${text.trimEnd()}\n${END_OF_FILE}`;
}

/** The script would leave hardly any room for the primary's certificate. */
function compressedFile(path: string, text: string): string {
  const lines = compress(text).match(/.{1,120}/g) ?? [];
  return `base64 -d <<'${END_OF_FILE}' | gunzip > ${path}\n${lines.join('\n')}\n${END_OF_FILE}`;
}
