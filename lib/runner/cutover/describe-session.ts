import type { OtherSession } from '../../postgres';

/** A session, as people know it. */
export function describeSession({ pid, role, application, kind, superuser }: OtherSession): string {
  const who = role === '' ? kind : `${superuser ? 'superuser' : 'role'} '${role}'`;
  return `${who}${application === '' ? '' : ` (${application})`}${role === '' || kind === 'client backend' ? '' : `, a ${kind}`}, process ${pid}`;
}

/** What to do about it. No list admits what the server itself started, and it comes again as often as it is ended. */
export function wayOutOf({ kind, superuser }: OtherSession): string {
  if (kind === 'client backend' || kind === 'walsender')
    return superuser
      ? 'end it: no fence keeps a superuser out, and no list admits one'
      : "end it, or add its role to 'keep'";
  return kind.startsWith('logical replication')
    ? 'disable its subscription'
    : 'stop the extension or the job that started it';
}
