import { quoteLiteral } from '../identifiers';
import {
  deriveConfiguration,
  deriveSettings,
  EXTENSIONS_SETTING,
  STATEMENTS_SETTING,
} from '../settings';
import { serverOf } from '../topology';
import { codeBlock, inlineCode, table } from './markdown';
import type { RunbookContext, Section } from './section';

/** A setting of a configuration of OCI. */
interface Override {
  readonly name: string;
  readonly value: string;
  readonly restart: boolean;
  readonly reason: string;
}

/** The configuration of a database of OCI: see, make another one, attach it. */
export function configurationSection(context: RunbookContext): Section {
  const overrides = overridesOf(context);
  return {
    title: 'Configuration',
    paragraphs: [
      table(
        ['setting', 'needed', 'takes effect', 'why'],
        overrides.map(({ name, value, restart, reason }) => [
          inlineCode(name),
          inlineCode(value),
          restart ? '**after a restart**' : 'after a reload',
          reason,
        ]),
      ),
      'See what you have. Keep a number that is higher than needed.',
      codeBlock('sql', currentSettings(overrides)),
      `What a configuration sets cannot be changed: make another one, with everything that the present one sets and what is missing. ${inlineCode(EXTENSIONS_SETTING)} is one list: keep what is in it. This shows the shape, the present configuration, and what that sets:`,
      codeBlock('sh', LOOK),
      'Write `overrides.json`, and add what the present configuration sets beside it:',
      codeBlock('json', overridesJson(overrides)),
      'Then make the configuration, and attach it. It says `RESTART`, since OCI only reloads otherwise, which leaves `wal_level` as it was. The restart ends all connections. A shape that does not end in `.Flex` needs `--is-flexible false`, `--instance-ocpu-count` and `--instance-memory-size-in-gbs` instead. In the console both are under PostgreSQL: Configurations, and the database system itself.',
      codeBlock('sh', attach(context)),
      'That OCI lets each of these be set was not tried. Leave out what it refuses; where the query above shows the value that is needed all the same, nothing is missing.',
    ],
  };
}

/** How the former configuration comes back. */
export const REATTACH = [
  'oci psql db-system update --db-system-id "$DB_SYSTEM" --force --wait-for-state SUCCEEDED \\',
  '  --db-configuration-params "{\\"configId\\": \\"$FORMER\\", \\"applyConfig\\": \\"RESTART\\"}"',
].join('\n');

const LOOK = [
  'DB_SYSTEM=…     # the OCID of the database system',
  'COMPARTMENT=…   # the OCID of its compartment',
  `oci psql db-system get --db-system-id "$DB_SYSTEM" --query 'data.{shape: shape, configuration: "config-id"}'`,
  'SHAPE=…         # the shape, without PostgreSQL. before it, such as VM.Standard.E5.Flex',
  'FORMER=…        # the configuration; keep it for the end',
  'oci psql configuration get --configuration-id "$FORMER"',
].join('\n');

function attach({ topology, server }: RunbookContext): string {
  const { majorVersion } = serverOf(topology, server);
  return [
    'CONFIGURATION=$(oci psql configuration create --compartment-id "$COMPARTMENT" \\',
    `  --display-name replication-${majorVersion} --db-version ${majorVersion} --shape "$SHAPE" --is-flexible true \\`,
    '  --db-configuration-overrides file://overrides.json --wait-for-state ACTIVE --query data.id --raw-output)',
    'oci psql db-system update --db-system-id "$DB_SYSTEM" --force --wait-for-state SUCCEEDED \\',
    '  --db-configuration-params "{\\"configId\\": \\"$CONFIGURATION\\", \\"applyConfig\\": \\"RESTART\\"}"',
  ].join('\n');
}

function overridesOf({ topology, server, sizing }: RunbookContext): readonly Override[] {
  const known = new Map(
    deriveSettings(topology, server, sizing).map((setting) => [setting.name, setting]),
  );
  return Object.entries(deriveConfiguration(topology, server, sizing)).map(([name, value]) => ({
    name,
    value,
    restart: known.get(name)?.restart ?? name === EXTENSIONS_SETTING,
    reason: known.get(name)?.reason ?? REASONS[name] ?? '',
  }));
}

const REASONS: Readonly<Record<string, string>> = {
  [STATEMENTS_SETTING]:
    'otherwise statements that set passwords would be kept there, and are refused',
  [EXTENSIONS_SETTING]: 'extensions that the administrator may create',
};

function currentSettings(overrides: readonly Override[]): string {
  const names = overrides.map(({ name }) => quoteLiteral(name)).join(', ');
  return `SELECT name, setting, unit, pending_restart FROM pg_catalog.pg_settings WHERE name IN (${names}) ORDER BY name;`;
}

function overridesJson(overrides: readonly Override[]): string {
  const items = overrides.map(({ name, value }) =>
    JSON.stringify({ configKey: name, overridenConfigValue: value }),
  );
  return `{"items": [\n  ${items.join(',\n  ')}\n]}`;
}
