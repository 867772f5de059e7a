import {
  type Connection,
  type DmsTransformation,
  Problems,
  Reader,
  readConnection,
  readTransformations,
} from '../postgres';
import type { TaggedInstances } from './ssm-api';

/** What CloudFormation tells about a schema copy. */
export interface SchemaCopyProperties {
  readonly server: string;
  readonly connection: Connection;
  readonly source: { readonly server: string; readonly database: string };
  readonly document: string;
  readonly instance: TaggedInstances;
  readonly schemas: readonly string[];
  readonly transformations: readonly DmsTransformation[];
  readonly adopt: boolean;
}

/** Reads the properties of a schema copy. Throws a ValidationError that names all problems. */
export function readProperties(input: unknown): SchemaCopyProperties {
  const problems = new Problems();
  const reader = new Reader(input, 'properties', problems);
  const read = {
    server: reader.text('server'),
    connection: reader.object('connection', readConnection),
    source: reader.object('source', (nested) => ({
      server: nested.text('server'),
      database: nested.name('database'),
    })),
    document: reader.text('document'),
    instance: reader.object('instance', (nested) => ({
      key: nested.text('key'),
      value: nested.text('value'),
    })),
    schemas: reader.texts('schemas'),
    transformations: readTransformations(reader),
    adopt: reader.flag('adopt', false),
  };
  reader.refuseTheRest();
  problems.throwIfAny('the resource');
  return read;
}

/** Another target or source is another copy. */
export function physicalId({ server, connection, source }: SchemaCopyProperties): string {
  return [server, connection.database, 'schema-copy', source.server, source.database]
    .map(encodeURIComponent)
    .join('/');
}
