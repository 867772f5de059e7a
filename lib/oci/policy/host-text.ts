import { record, records } from './policy';

/** Everything that an instance is told when it boots, as text: files of cloud-init too, as far as they are readable. */
export function hostText(props: Readonly<Record<string, unknown>>): string {
  const { metadata } = record(props) as { metadata?: unknown };
  const { user_data: data } = record(metadata);
  if (typeof data !== 'string') return '';
  const text = Buffer.from(data, 'base64').toString('utf8');
  const [first = '', ...rest] = text.split('\n');
  if (!first.startsWith('#cloud-config')) return text;
  try {
    return records(record(JSON.parse(rest.join('\n'))).write_files)
      .map(({ content }) => String(content))
      .join('\n');
  } catch (error) {
    // It is YAML, in which the lines stand as they are.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}
