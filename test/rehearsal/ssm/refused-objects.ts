/** What the stand-in for pg_dump does not derive: how it is made in a schema `s`, and how it is named. */
export const REFUSED: readonly (readonly [ddl: string, found: string])[] = [
  ['CREATE AGGREGATE last(int) (SFUNC = int4pl, STYPE = int)', 'aggregate s.last(integer)'],
  [
    'CREATE FOREIGN DATA WRAPPER w; CREATE SERVER x FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE "F t" () SERVER x',
    'foreign table s."F t"',
  ],
  ['CREATE TABLE a (); CREATE TABLE b () INHERITS (a)', 'inheritance of s.b'],
  ['CREATE TYPE k AS (a int); CREATE TABLE t OF k', 'typed table s.t'],
  [
    'CREATE TABLE t (a text); ALTER TABLE t ALTER a SET STORAGE EXTERNAL',
    'storage of column s.t.a',
  ],
  ['CREATE TABLE t (a text COMPRESSION pglz)', 'storage of column s.t.a'],
  ['CREATE TABLE t (); CREATE RULE no AS ON INSERT TO t DO INSTEAD NOTHING', 'rule no on s.t'],
  ['CREATE TYPE r AS RANGE (SUBTYPE = int)', 'type s.r, type s.r_multirange'],
  ['CREATE TYPE shell', 'type s.shell'],
  ['CREATE COLLATION c FROM "C"', 'collation s.c'],
  [
    'CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)',
    'operator s.===(integer,integer)',
  ],
  ['CREATE OPERATOR FAMILY f USING btree', 'operator family s.f'],
  [
    'CREATE OPERATOR CLASS c FOR TYPE int USING hash AS OPERATOR 1 =',
    'operator class s.c, operator family s.c',
  ],
  ["CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8", 'conversion s.c'],
  ['CREATE TABLE t (a int, b int); CREATE STATISTICS st ON a, b FROM t', 'statistics s.st'],
  ['CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)', 'text search configuration s.c'],
  ['CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple)', 'text search dictionary s.d'],
  [
    'CREATE TEXT SEARCH PARSER p (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
    'text search parser s.p',
  ],
  ['CREATE TEXT SEARCH TEMPLATE "T" (LEXIZE = dsimple_lexize)', 'text search template s."T"'],
  [
    'CREATE TABLE t (a int); ALTER TABLE t ALTER a SET STATISTICS 7',
    'statistics target of column s.t.a',
  ],
  ['CREATE TABLE t (a int PRIMARY KEY); ALTER TABLE t CLUSTER ON t_pkey', 'clustering of s.t'],
  ['CREATE TABLE t (a text) WITH (toast.autovacuum_enabled = off)', 'toast options of s.t'],
  [
    'CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t; ALTER VIEW v ALTER a SET DEFAULT 7',
    'default of view column s.v.a',
  ],
  [
    `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE TABLE t (a int) PARTITION BY LIST (a);
    CREATE TABLE p PARTITION OF t DEFAULT; CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE p DISABLE TRIGGER x`,
    'state of trigger x on partition s.p',
  ],
  [
    'CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE t () USING heap2',
    'access method of s.t',
  ],
  [
    'CREATE DOMAIN d AS int; ALTER DOMAIN d ADD CONSTRAINT few CHECK (VALUE < 9) NOT VALID',
    'unvalidated constraint few of domain s.d',
  ],
  [
    "CREATE EXTENSION citext SCHEMA public; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION f DEPENDS ON EXTENSION citext",
    'dependency of function s.f() on an extension',
  ],
];

/** What only PostgreSQL 18 and later have. */
export const REFUSED_FROM_18: typeof REFUSED = [
  [
    'CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT filled NOT NULL a NOT VALID',
    'not-null constraint filled of s.t',
  ],
];
