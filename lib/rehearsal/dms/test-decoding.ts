import { TestDecodingPlugin } from 'pg-logical-replication';
import { PontoonError } from '../../postgres';

/** One column of a decoded row. */
export interface DecodedColumn {
  readonly name: string;
  /** The type as the server prints it, without its modifier: `character varying`, `text[]`. */
  readonly type: string;
  /** The value as text, null, or undefined where the server left an unchanged TOASTed value out. */
  readonly value: string | null | undefined;
}

/** One decoded INSERT, UPDATE or DELETE. */
export interface DecodedChange {
  readonly kind: 'change';
  readonly schema: string;
  readonly table: string;
  readonly action: 'INSERT' | 'UPDATE' | 'DELETE';
  /** What the replica identity gave of the row before; for a DELETE the only columns there are. */
  readonly old: readonly DecodedColumn[];
  /** The row afterwards; empty for a DELETE. */
  readonly row: readonly DecodedColumn[];
}

/** What one message of the test_decoding output plugin says. */
export type DecodedMessage =
  | { readonly kind: 'begin'; readonly xid: string }
  | { readonly kind: 'commit'; readonly xid: string; readonly committedAt: Date | undefined }
  | DecodedChange
  | { readonly kind: 'truncate'; readonly tables: readonly { schema: string; table: string }[] }
  | { readonly kind: 'message' }
  | { readonly kind: 'unreadable'; readonly error: PontoonError };

/**
 * The test_decoding plugin with a parser that keeps every value.
 * The library's own parser cuts a text at its first quote, refuses arrays and TRUNCATE, and cannot tell
 * an unchanged TOASTed value from the text that spells it.
 */
export class LosslessTestDecoding extends TestDecodingPlugin {
  /** Counts what was received, so that a reader knows whether something is waiting. */
  public received = 0;

  public override parse(buffer: Buffer): DecodedMessage {
    this.received += 1;
    const text = buffer.toString('utf8');
    try {
      return parseTestDecoding(text);
    } catch (error) {
      // Thrown here it would surface in a socket's event handler, where nobody can catch it.
      if (error instanceof PontoonError) return { kind: 'unreadable', error };
      throw error;
    }
  }
}

/** Parses one message. Throws a PontoonError with code UNREADABLE_CHANGE, whose text holds no data. */
export function parseTestDecoding(text: string): DecodedMessage {
  if (text.startsWith('table ')) return parseTableMessage(new Cursor(text, 'table '.length));
  const begin = /^BEGIN (\d+)$/.exec(text);
  if (begin?.[1] !== undefined) return { kind: 'begin', xid: begin[1] };
  const commit = /^COMMIT (\d+)(?: \(at (.+)\))?$/.exec(text);
  if (commit?.[1] !== undefined) {
    return { kind: 'commit', xid: commit[1], committedAt: parseTimestamp(commit[2]) };
  }
  if (text.startsWith('message: ')) return { kind: 'message' };
  throw unreadable(`a message beginning with ${JSON.stringify(text.split(' ', 1)[0] ?? '')}`);
}

function parseTimestamp(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const parsed = new Date(`${text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')}`);
  return Number.isNaN(parsed.getTime()) ? undefined : parsed;
}

function parseTableMessage(cursor: Cursor): DecodedMessage {
  const tables = [cursor.qualifiedName()];
  while (cursor.take(', ')) tables.push(cursor.qualifiedName());
  if (cursor.take(': TRUNCATE:')) return { kind: 'truncate', tables };
  const [name] = tables;
  const action = cursor.takeOneOf([': INSERT:', ': UPDATE:', ': DELETE:']);
  if (name === undefined || action === undefined || tables.length > 1) {
    throw unreadable('a change of an unknown kind');
  }
  if (action === ': DELETE:') {
    return { kind: 'change', ...name, action: 'DELETE', old: cursor.columns(), row: [] };
  }
  const old = cursor.take(' old-key:') ? cursor.columns() : [];
  cursor.take(' new-tuple:');
  const row = cursor.columns();
  return {
    kind: 'change',
    ...name,
    action: action === ': INSERT:' ? 'INSERT' : 'UPDATE',
    old,
    row,
  };
}

function unreadable(what: string): PontoonError {
  return new PontoonError(
    'UNREADABLE_CHANGE',
    `the DMS stand-in cannot read ${what} of test_decoding; report the server's version`,
  );
}

class Cursor {
  constructor(
    private readonly text: string,
    private at: number,
  ) {}

  public take(expected: string): boolean {
    if (!this.text.startsWith(expected, this.at)) return false;
    this.at += expected.length;
    return true;
  }

  public takeOneOf(expected: readonly string[]): string | undefined {
    return expected.find((candidate) => this.take(candidate));
  }

  public qualifiedName(): { schema: string; table: string } {
    const schema = this.identifier('.');
    if (!this.take('.')) throw unreadable('a table name');
    return { schema, table: this.identifier(':,') };
  }

  /** Columns up to the end of the text, or to where the new row begins after the old key. */
  public columns(): DecodedColumn[] {
    const columns: DecodedColumn[] = [];
    if (this.take(' (no-tuple-data)')) return columns;
    while (this.at < this.text.length && !this.text.startsWith(' new-tuple:', this.at)) {
      if (!this.take(' ')) throw unreadable('a column');
      const name = this.identifier('[');
      const type = this.type();
      columns.push({ name, type, value: this.value() });
    }
    return columns;
  }

  private identifier(stops: string): string {
    if (this.text[this.at] === '"') return this.quoted('"');
    const start = this.at;
    while (this.at < this.text.length && !stops.includes(this.text.charAt(this.at))) this.at += 1;
    return this.text.slice(start, this.at);
  }

  private type(): string {
    const start = this.at + 1;
    let depth = 0;
    do {
      const character = this.text[this.at];
      if (character === undefined) throw unreadable('a type');
      if (character === '"') {
        this.quoted('"');
        continue;
      }
      if (character === '[') depth += 1;
      if (character === ']') depth -= 1;
      this.at += 1;
    } while (depth > 0);
    const type = this.text.slice(start, this.at - 1);
    if (!this.take(':')) throw unreadable('a type');
    return type;
  }

  private value(): string | null | undefined {
    if (this.text[this.at] === "'") return this.quoted("'");
    if (this.take("B'")) {
      this.at -= 1;
      return this.quoted("'");
    }
    const end = this.text.indexOf(' ', this.at);
    const raw = this.text.slice(this.at, end === -1 ? undefined : end);
    this.at += raw.length;
    if (raw === 'null') return null;
    return raw === 'unchanged-toast-datum' ? undefined : raw;
  }

  private quoted(quote: string): string {
    let close = this.at;
    do {
      close = this.text.indexOf(quote, close + 1);
      if (close === -1) throw unreadable('a quoted text');
      // A doubled quote stands for itself; step over it.
    } while (this.text[close + 1] === quote && ++close > 0);
    const inner = this.text.slice(this.at + 1, close);
    this.at = close + 1;
    return inner.replaceAll(quote + quote, quote);
  }
}
