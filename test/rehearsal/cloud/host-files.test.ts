import { readHostFiles } from '../../../lib/rehearsal/cloud/host-files';

function file(path: string, text: string): string {
  return `cat > ${path} <<'PONTOON_EOF'\n${text}\nPONTOON_EOF\n`;
}

const ENVIRONMENT = file('/etc/pontoon/standby.env', 'SLOT=pontoon_b\nSECRET_ARN=a=b');
const HBA = file(
  '/etc/pontoon/pg_hba.conf',
  '# generated\n\nhostssl all all 10.0.0.0/8 scram-sha-256',
);

test('reads parameters, settings and access rules', () => {
  const settings = file(
    '/etc/pontoon/10-settings.conf',
    "# why\nwal_level = 'logical'\nmax_wal_senders = 10  # ten\nlog_line_prefix = 'it''s # %m '",
  );
  expect(readHostFiles(`#!/bin/sh\n${ENVIRONMENT}${settings}${HBA}exec boot\n`)).toEqual({
    parameters: { SLOT: 'pontoon_b', SECRET_ARN: 'a=b' },
    settings: { wal_level: 'logical', max_wal_senders: '10', log_line_prefix: "it's # %m " },
    hba: ['hostssl all all 10.0.0.0/8 scram-sha-256'],
  });
});

test('says which file is missing', () => {
  expect(() => readHostFiles('')).toThrow(
    "the standby's user data must write /standby.env, got no files; synthesize it with this version of pontoon",
  );
  expect(() => readHostFiles(ENVIRONMENT)).toThrow(
    "the standby's user data must write /10-settings.conf, got /etc/pontoon/standby.env; synthesize it with this version of pontoon",
  );
});

test('refuses a line that is no setting', () => {
  const settings = file('/etc/pontoon/10-settings.conf', 'wal_level');
  expect(() => readHostFiles(ENVIRONMENT + settings + HBA)).toThrow(
    `a line of postgresql.conf must be 'name = value', got "wal_level"; correct 'conf' of the standby`,
  );
});
