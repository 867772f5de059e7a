import { gunzipSync } from 'node:zlib';
import { record, records } from './policy';

const GZIP_MAGIC = 0x1f8b;

/**
 * Everything that an instance is told when it boots, as text: the files of a cloud-config that is JSON one by one and
 * unpacked, of one that is other YAML as they stand there.
 */
export function hostText(props: Readonly<Record<string, unknown>>): string {
  const { metadata } = record(props) as { metadata?: unknown };
  const { user_data: data } = record(metadata);
  if (typeof data !== 'string') return '';
  const text = unpacked(Buffer.from(data, 'base64'));
  const [first = '', ...rest] = text.split('\n');
  if (!first.startsWith('#cloud-config')) return text;
  try {
    return records(record(JSON.parse(rest.join('\n'))).write_files)
      .map(({ content, encoding }) => fileText(String(content), String(encoding)))
      .join('\n');
  } catch (error) {
    // It is YAML, in which the lines stand as they are.
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

/** The content of a file in any of the forms that cloud-init reads. */
function fileText(content: string, encoding: string): string {
  return /b(ase)?64$/.test(encoding) ? unpacked(Buffer.from(content, 'base64')) : content;
}

function unpacked(bytes: Buffer): string {
  const isPacked = bytes.length > 2 && bytes.readUInt16BE(0) === GZIP_MAGIC;
  return (isPacked ? gunzipSync(bytes) : bytes).toString('utf8');
}
