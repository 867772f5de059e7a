/** Where a server's files lie on the disk of its machine. */
export const HOST_FILES = {
  /** The derived settings, in the syntax of postgresql.conf. */
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
