import { KNOWN_MAJORS, knownMajor } from '../capabilities';
import {
  deriveSettings,
  diffSettings,
  type ReportedSetting,
  type RequiredSetting,
  readSettings,
  type SettingDifference,
} from '../settings';
import { sql } from '../statement';
import { isManaged, LinkKind, linksFrom, serverOf, slotNameOf, standbyLinkInto } from '../topology';
import { defineCheck, type Found, type PreflightContext } from './check';
import { afterChange, isOfOci, managedFix, parameterOf, settingFix } from './fixes';

interface VersionRow {
  readonly major: number;
  readonly inRecovery: boolean;
}

/** Whether the server is what the topology says: its major, primary or standby. */
export const version = defineCheck<VersionRow>({
  id: 'version',
  title: 'PostgreSQL version and role',
  query: () =>
    sql(
      `SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major, pg_catalog.pg_is_in_recovery() AS "inRecovery"`,
    ),
  evaluate: ([row], { topology, server }) => {
    if (row === undefined) return [];
    const stated = serverOf(topology, server).majorVersion;
    const found: Found[] = [];
    if (row.major !== stated) {
      found.push({
        severity: 'error',
        message: `'servers.${server}.majorVersion' must be the server's own, ${row.major}, got ${stated}; correct the topology`,
      });
    }
    if (knownMajor(row.major) === 'unchecked') {
      found.push({
        severity: 'unchecked',
        message: `'${server}' runs PostgreSQL ${row.major}, newer than ${KNOWN_MAJORS.newest}, the newest that was tried; rehearse on it first`,
      });
    }
    const link = standbyLinkInto(topology, server);
    if (link !== undefined && !row.inRecovery) {
      found.push({
        severity: 'error',
        message: `'${server}' must be a standby of '${link.from}', got a primary; connect to the standby, or set 'promoted: true' on its link`,
      });
    }
    if (link === undefined && row.inRecovery) {
      found.push({
        severity: 'error',
        message: `'${server}' must be a primary, got a standby; connect to its primary, or add the physical link that makes it a standby`,
      });
    }
    return found;
  },
});

/** Whether every setting is as the links need it. */
export const settings = defineCheck<ReportedSetting>({
  id: 'settings',
  title: 'server settings',
  query: ({ topology, server, sizing }) =>
    readSettings(deriveSettings(topology, server, sizing).map(({ name }) => name)),
  evaluate: (rows, context) => {
    const { topology, server, sizing } = context;
    const pending = new Set(rows.filter((row) => row.pendingRestart).map(({ name }) => name));
    return diffSettings(deriveSettings(topology, server, sizing), rows).map((difference) =>
      settingFound(difference, pending.has(difference.required.name), context),
    );
  },
});

const RULES = {
  equal: '',
  'at-least': 'at least ',
  'zero-or-at-least': '0 or at least ',
  includes: 'a list with ',
} as const;

function settingFound(
  difference: SettingDifference,
  pending: boolean,
  { topology, server }: PreflightContext,
): Found {
  const { required, actual, needsRestart } = difference;
  // What nobody decided is the owner's: a guard of the disk is not to be taken away by a fix of ours.
  if (required.advised === true) return advisedFound(required, actual, server);
  const target = serverOf(topology, server);
  const parameter = isManaged(target) && !isOfOci(target) ? parameterOf(difference) : undefined;
  const [name, value] =
    parameter?.[0] === 'rds.logical_replication' ? parameter : [required.name, required.value];
  const wayOut = pending
    ? 'a change of it waits: make sure that it is this one, and restart the server'
    : afterChange(target, needsRestart);
  const got = parameter?.[0] === 'rds.logical_replication' ? `wal_level = ${actual}` : actual;
  return {
    severity: 'error',
    object: name,
    message: `'${name}' must be ${RULES[required.rule]}${value} on '${server}' (${required.reason}), got ${got ?? 'nothing'}; ${wayOut}`,
    fix: settingFix(target, difference),
  };
}

function advisedFound(
  { name, value, reason }: RequiredSetting,
  actual: string | undefined,
  server: string,
): Found {
  if (name !== 'max_slot_wal_keep_size') {
    return {
      severity: 'warning',
      object: name,
      message: `'${name}' is ${actual ?? 'unknown'} on '${server}', and ${value} would be better: ${reason}`,
    };
  }
  return {
    severity: 'warning',
    object: name,
    message: `'${name}' is ${actual ?? 'unknown'} on '${server}': a slot that needs more WAL than that is given up, and its copy begins anew; make sure that the limit outlasts the copy and an outage, and state it as 'maxSlotWalKeepMiB' of this server`,
  };
}

interface RoomRow {
  readonly maxSenders: number;
  readonly usedSenders: number;
  readonly ownSenders: number;
  readonly maxSlots: number;
  readonly usedSlots: number;
  readonly ownSlots: number;
}

/** Whether enough senders and slots are free for the links that do not have theirs yet. */
export const room = defineCheck<RoomRow>({
  id: 'room',
  title: 'free WAL senders and replication slots',
  query: ({ topology, server }) =>
    sql(
      `SELECT pg_catalog.current_setting('max_wal_senders')::int AS "maxSenders",
  (SELECT count(*)::int FROM pg_catalog.pg_stat_replication) AS "usedSenders",
  pg_catalog.current_setting('max_replication_slots')::int AS "maxSlots",
  count(*)::int AS "usedSlots",
  (count(*) FILTER (WHERE slot_name = ANY($1)))::int AS "ownSlots",
  (count(*) FILTER (WHERE slot_name = ANY($1) AND active))::int AS "ownSenders"
FROM pg_catalog.pg_replication_slots`,
      [sendingLinks(topology, server).map((link) => slotNameOf(topology, link))],
    ),
  evaluate: ([row], context) => {
    if (row === undefined) return [];
    const links = sendingLinks(context.topology, context.server);
    const native = links.filter(({ kind }) => kind === LinkKind.NATIVE).length;
    const copies = native * (context.sizing?.syncWorkers ?? 4);
    // A base backup streams the log beside the files: one sender more than the standby needs later.
    const backups = links.some(({ kind }) => kind === LinkKind.PHYSICAL) ? 1 : 0;
    const slots = links.length - row.ownSlots + (row.ownSlots < links.length ? copies : 0);
    const missing = links.length - row.ownSenders;
    const senders = missing === 0 ? 0 : missing + copies + backups;
    return [
      ...roomFound('max_replication_slots', row.maxSlots, row.usedSlots, slots, context),
      ...roomFound('max_wal_senders', row.maxSenders, row.usedSenders, senders, context),
    ];
  },
});

function sendingLinks(topology: PreflightContext['topology'], server: string) {
  return linksFrom(topology, server).filter((link) => link.promoted !== true);
}

function roomFound(
  name: string,
  max: number,
  used: number,
  needed: number,
  { topology, server }: PreflightContext,
): Found[] {
  if (max - used >= needed) return [];
  const target = serverOf(topology, server);
  const enough = String(used + needed);
  return [
    {
      severity: 'error',
      object: name,
      message: `'${name}' must leave ${needed} free on '${server}', got ${max - used} (${used} of ${max} in use); free some, or set it to ${enough} and restart the server`,
      fix: isManaged(target)
        ? managedFix(target, { name, value: enough, needsRestart: true })
        : `ALTER SYSTEM SET ${name} = '${enough}';`,
    },
  ];
}
