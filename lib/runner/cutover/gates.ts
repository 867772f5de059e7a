import { type Gate, PontoonError } from '../../postgres';
import { lookAtCarried } from './carried';
import type { CutoverContext } from './context';
import { requireUnfinished } from './finalized';
import { lookAtForward, lookAtSuperusers, lookAtTarget, lookAtTransactions } from './gate-activity';
import { lookAtApplications } from './gate-applications';
import { lookAtEndpoint } from './gate-endpoint';
import {
  lookAtDecoding,
  lookAtFurniture,
  lookAtOwners,
  lookAtSequences,
  lookAtWayBack,
} from './gate-rights';
import { COPY, type GateFinding, lookAtSchemas } from './gate-schemas';
import {
  lookAtFences,
  lookAtGrants,
  lookAtKept,
  lookAtRunner,
  lookAtSignals,
} from './gate-sessions';
import { lookAtJobs, lookAtSubscriptions, lookAtWorkers } from './unattended';
import { lookAtRows } from './verified';

const AS_IT_MUST_BE = 'as it must be';

/** Looks whether a cutover would succeed; throws if a gate is closed or could not be read. */
export async function checkGates(context: CutoverContext): Promise<void> {
  const gates = await readGates(context);
  const shut = gates.filter(({ status }) => status !== 'open');
  if (shut.length === 0) {
    for (const { id, found } of gates)
      if (found !== AS_IT_MUST_BE) await context.note(`gate '${id}': ${found}`);
    return await context.note(`${gates.length} gates open`);
  }
  throw new PontoonError(
    shut.some(({ status }) => status === 'closed') ? 'GATES_CLOSED' : 'GATES_UNCHECKED',
    `every gate of the cutover of '${context.plan.migration}' must be open, got:\n${shut.map(describe).join('\n')}`,
  );
}

/** Every gate, as it is now. Throws a PontoonError with code FINALIZED if the migration has ended. */
export async function readGates(context: CutoverContext): Promise<readonly Gate[]> {
  await requireUnfinished(context);
  const gates: Gate[] = [];
  for (const gate of GATES) gates.push(await readGate(context, gate));
  return gates;
}

interface GateKind {
  readonly id: string;
  readonly title: string;
  readonly wayOut: string;
  readonly look: (context: CutoverContext) => Promise<GateFinding>;
}

const GATES: readonly GateKind[] = [
  {
    id: 'furniture',
    title: 'the ledger and the canary are on both servers',
    wayOut: 'deploy them, or apply {"kind":"ledger"} and {"kind":"canary"}',
    look: lookAtFurniture,
  },
  {
    id: 'may-fence',
    title: 'the runner may become the owner of the database on both servers, and may write there',
    wayOut:
      'make its role a member of the owner, since PostgreSQL 16 WITH SET TRUE; let its sessions write',
    look: lookAtOwners,
  },
  {
    id: 'fences',
    title: 'no other migration fences the old writer',
    wayOut: 'finalize that one, or take it back, first: a database has one fence',
    look: lookAtFences,
  },
  {
    id: 'may-end',
    title: 'the runner may see and end the sessions of applications on the old writer',
    wayOut: 'make its role a member of pg_monitor and of pg_signal_backend',
    look: lookAtSignals,
  },
  {
    id: 'grants',
    title: 'nobody but the owner granted CONNECT on the old writer’s database',
    wayOut:
      'have the grantor revoke it, and the owner grant it: the owner cannot take back what others granted',
    look: lookAtGrants,
  },
  {
    id: 'kept',
    title: 'every role that is kept exists, and only reads',
    wayOut: 'correct the list of kept roles, or revoke what it may write',
    look: lookAtKept,
  },
  {
    id: 'may-decode',
    title: 'the runner may make slots on both servers',
    wayOut: 'set wal_level = logical, and give its role REPLICATION (rds_replication on Aurora)',
    look: lookAtDecoding,
  },
  {
    id: 'forward',
    title: 'the new writer follows closely',
    wayOut: 'wait, or look at what holds the receiver up',
    look: lookAtForward,
  },
  {
    id: 'tables',
    title: 'every selected table is replicated, there and back',
    wayOut:
      'publish and follow it: deploy another selection, or pontoon apply; then compare the rows',
    look: lookAtCarried,
  },
  {
    id: 'schemas',
    title: 'the schemas are the same on both servers',
    wayOut: COPY,
    look: lookAtSchemas,
  },
  {
    id: 'rows',
    title: 'every selected table was compared, and is the same',
    wayOut: 'compare them, or look at the rows that differ',
    look: lookAtRows,
  },
  {
    id: 'sequences',
    title: 'every sequence can be read and set',
    wayOut: 'grant SELECT and UPDATE on it, and USAGE on its schema, to the role of the runner',
    look: lookAtSequences,
  },
  {
    id: 'rights',
    title: 'applications may do on the new writer what they may on the old one',
    wayOut:
      "grant it there too, or revoke it; who gets CONNECT when the new writer opens is who had it before its connection guard, and who is granted it by name on the old one; a login that nobody uses needs no LOGIN on the old one, and one that is called otherwise there is declared in 'logins'",
    look: lookAtApplications,
  },
  {
    id: 'way-back',
    title: 'the way back is provisioned',
    wayOut: 'deploy it, or declare that there is no rollback',
    look: lookAtWayBack,
  },
  {
    id: 'transactions',
    title: 'no transaction is long or prepared',
    wayOut: 'end it',
    look: lookAtTransactions,
  },
  {
    id: 'superusers',
    title: 'no superuser is at work on the old writer',
    wayOut: 'ask them to leave: no fence ends their session',
    look: lookAtSuperusers,
  },
  {
    id: 'runner',
    title: 'nobody else uses the login of the runner on the old writer',
    wayOut: 'give applications a login of their own: the fence lets the runner’s in',
    look: lookAtRunner,
  },
  {
    id: 'subscriptions',
    title: 'the old writer follows nobody else',
    wayOut: 'disable the subscription: no fence keeps its workers out',
    look: lookAtSubscriptions,
  },
  {
    id: 'jobs',
    title: 'no job is scheduled on the old writer that a fence does not stop',
    wayOut: 'set active = false in cron.job until the cutover has ended',
    look: lookAtJobs,
  },
  {
    id: 'workers',
    title: 'nothing decodes the old writer, or works in it, that no fence ends',
    wayOut: 'stop it, or drop its extension, until the cutover has ended: no fence ends it',
    look: lookAtWorkers,
  },
  {
    id: 'foreign-writes',
    title: 'no application can write to the new writer',
    wayOut: 'keep applications out by a connection guard, and let only those in who read',
    look: lookAtTarget,
  },
  {
    id: 'endpoint',
    title: 'clients are sent to the old writer',
    wayOut: 'see that the endpoint answers, and look for somebody else who switches it',
    look: lookAtEndpoint,
  },
];

async function readGate(context: CutoverContext, gate: GateKind): Promise<Gate> {
  const { id, title, wayOut } = gate;
  try {
    const found = await gate.look(context);
    if (typeof found === 'string') return { id, title, status: 'closed', found, wayOut };
    if (found === undefined) return { id, title, status: 'open', found: AS_IT_MUST_BE, wayOut: '' };
    if ('closed' in found)
      return { id, title, status: 'closed', found: found.closed, wayOut: found.wayOut };
    return 'unchecked' in found
      ? { id, title, status: 'unchecked', found: found.unchecked, wayOut: found.wayOut }
      : { id, title, status: 'open', found: found.besides, wayOut: '' };
  } catch (error) {
    return { id, title, status: 'unchecked', found: (error as Error).message, wayOut };
  }
}

function describe({ title, status, found, wayOut }: Gate): string {
  return `- ${title}: ${status}, got ${found}; ${wayOut}`;
}
