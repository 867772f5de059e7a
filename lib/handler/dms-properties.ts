import { Problems, Reader } from '../postgres';

/** What the custom resources of a DMS replication say of it. */
export interface DmsProperties {
  /** The value of the tag `pontoon:replication` on the task. */
  readonly replication: string;
  /** The task of a replication instance. */
  readonly task?: string;
  /** The configuration of a serverless replication. */
  readonly config?: string;
  /** The replication instance on which the task is looked for. */
  readonly instance?: string;
  /** The name of the serverless configuration that is looked for. */
  readonly configName?: string;
  /** Raised for each reload. */
  readonly reload: string;
  /** Everything whose change needs a stopped task, as one text. */
  readonly watch: string;
}

/** Reads the properties as CloudFormation sends them. Throws a ValidationError. */
export function readDmsProperties(input: Readonly<Record<string, unknown>>): DmsProperties {
  const problems = new Problems();
  const reader = new Reader(input, '', problems);
  const replication = reader.text('replication');
  const reload = reader.optionalText('reload') ?? '0';
  const given = (['task', 'config', 'instance', 'configName'] as const).map(
    (key) => [key, reader.optionalText(key)] as const,
  );
  const known = given.filter(([, value]) => value !== undefined);
  problems.addIf(
    known.length !== 1,
    `the DMS replication must be named by one of 'task', 'config', 'instance', 'configName', got ${known.length === 0 ? 'none' : known.map(([key]) => `'${key}'`).join(' and ')}; give one`,
  );
  problems.throwIfAny('the DMS replication');
  return { replication, reload, watch: canonical(input.watch), ...Object.fromEntries(known) };
}

/** `value` as text, the same whatever the order of its keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
