import { deriveFlows, originOf, renderHba } from '../access';
import { codeBlock, inlineCode, table } from './markdown';
import type { RunbookContext, Section } from './section';

/** The lines of pg_hba.conf. */
export function accessSection({ hba }: RunbookContext): Section {
  return {
    title: 'pg_hba.conf',
    paragraphs: [
      'Put these lines **before** every line that matches the same connections: the first match decides. They admit nobody without TLS and SCRAM.',
      codeBlock('', renderHba(hba)),
      'Then reload, and look for lines that cannot be read: a single one keeps the whole file from taking effect.',
      codeBlock(
        'sql',
        'SELECT pg_catalog.pg_reload_conf();\nSELECT line_number, error FROM pg_catalog.pg_hba_file_rules WHERE error IS NOT NULL;',
      ),
    ],
  };
}

/** What the firewall must let through. */
export function flowSection(context: RunbookContext): Section {
  const { topology, server, hba, port = 5432 } = context;
  const networks = [...new Set(hba.map(({ address }) => address))];
  const inward = deriveFlows(topology).filter(({ to }) => to === server);
  const outward = deriveFlows(topology, { wayBack: true }).filter(
    ({ from }) => 'server' in from && from.server === server,
  );
  const own = outward.map(({ to, purpose }) => `to ${inlineCode(to)} (${purpose})`);
  return {
    title: 'Firewall',
    paragraphs: [
      `Connections are opened towards ${inlineCode(server)}; it opens none itself${own.length === 0 ? '' : ` but ${own.join(', ')}`}. Admit TCP port ${port} from ${networks.map(inlineCode).join(', ') || 'the networks of your deployment'}:`,
      table(
        ['from', 'port', 'for'],
        inward.map((flow) => [inlineCode(originOf(flow)), String(port), flow.purpose]),
      ),
      'Streaming keeps one connection open for good: a firewall that drops idle connections must be told, or allow at least `wal_sender_timeout`.',
    ],
  };
}
