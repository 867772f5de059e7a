import { quoteLiteral } from '../identifiers';
import { deriveSettings, type RequiredSetting, renderAlterSystem } from '../settings';
import { codeBlock, inlineCode, table } from './markdown';
import type { RunbookContext, Section } from './section';

const RULES: Readonly<Record<RequiredSetting['rule'], string>> = {
  equal: '',
  'at-least': 'or more',
  'zero-or-at-least': 'or more, or 0',
  includes: 'beside what is there',
};

/** The settings that the server needs: see, set, reload or restart. */
export function settingsSection({ topology, server, sizing }: RunbookContext): Section {
  const needed = deriveSettings(topology, server, sizing);
  const settings = needed.filter(({ advised }) => advised !== true);
  const restarts = settings.filter(({ restart }) => restart);
  return {
    title: 'Settings',
    paragraphs: [
      table(
        ['setting', 'needed', 'takes effect', 'why'],
        settings.map(({ name, value, rule, restart, reason }) => [
          inlineCode(name),
          `${inlineCode(value)} ${RULES[rule]}`.trim(),
          restart ? '**after a restart**' : 'after a reload',
          reason,
        ]),
      ),
      'See what you have. Leave out below whatever is there already, and keep a number that is higher than needed.',
      codeBlock('sql', currentSettings(settings)),
      'Set the rest, as a superuser: `ALTER SYSTEM` is reserved to one. It writes `postgresql.auto.conf`, which wins over `postgresql.conf`; if you manage that file by other means, write the values there instead. `ssl = on` needs `server.crt` and `server.key` first.',
      codeBlock(
        'sql',
        [...alterations(settings), 'SELECT pg_catalog.pg_reload_conf();'].join('\n'),
      ),
      restarts.length === 0
        ? 'Nothing here needs a restart.'
        : `Then restart the server, once, for ${restarts.map(({ name }) => inlineCode(name)).join(', ')}. The query above shows \`pending_restart\` until you did.`,
      ...needed.filter(({ advised }) => advised === true).map(adviceOn),
      'A role whose password was stored as MD5 cannot log in by SCRAM: set such passwords again after `password_encryption` was changed.',
    ],
  };
}

/** What takes the settings back, for the end. */
export function resetStatements({ topology, server, sizing }: RunbookContext): string[] {
  return (
    deriveSettings(topology, server, sizing)
      // What else is in a list is none of ours.
      .filter(({ advised, rule }) => advised !== true && rule !== 'includes')
      .map(({ name }) => `ALTER SYSTEM RESET ${name};`)
  );
}

/** Nobody decided about this setting: the owner's own value stays, or is better changed. */
function adviceOn({ name, value, reason }: RequiredSetting): string {
  if (name !== 'max_slot_wal_keep_size')
    return `Set ${inlineCode(`${name} = ${value}`)} too, if you may: ${reason}.`;
  return `Keep your own ${inlineCode(name)}. It saves the disk from a slot that nobody reads, and costs a new copy when it comes into effect: it must hold what the server writes during the first copy and the longest outage. Once it is decided, state it as ${inlineCode('maxSlotWalKeepMiB')} of this server, so that the deployment checks it.`;
}

function currentSettings(settings: readonly RequiredSetting[]): string {
  const names = settings.map(({ name }) => quoteLiteral(name)).join(', ');
  return `SELECT name, setting, unit, pending_restart FROM pg_catalog.pg_settings WHERE name IN (${names}) ORDER BY name;`;
}

function alterations(settings: readonly RequiredSetting[]): string[] {
  return renderAlterSystem(
    settings.map((required) => ({ required, actual: undefined, needsRestart: required.restart })),
  );
}
