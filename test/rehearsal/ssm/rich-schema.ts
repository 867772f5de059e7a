/** Roles, extensions and schemas with something of everything that is copied. Runs as a superuser. */
export const RICH_SCHEMA = `
CREATE ROLE shop_owner NOLOGIN;
CREATE ROLE "We""ird Rôle" LOGIN CREATEDB PASSWORD 'source-only-password';
CREATE ROLE readers NOLOGIN;
CREATE ROLE app LOGIN NOINHERIT CONNECTION LIMIT 7 PASSWORD 'source-only-password';
CREATE ROLE unrelated LOGIN;
GRANT readers TO app;
CREATE SCHEMA extensions;
CREATE EXTENSION citext SCHEMA extensions;
CREATE EXTENSION pgcrypto SCHEMA extensions;
CREATE EXTENSION btree_gist;
CREATE SCHEMA shop AUTHORIZATION shop_owner;
CREATE SCHEMA "we""ird.*";
CREATE SCHEMA left_out;
CREATE TABLE left_out.secret (id int);
CREATE TYPE shop.state AS ENUM ('new', 'paid', 'sh''ipped');
CREATE DOMAIN shop.amount AS numeric(10, 2) DEFAULT 0 CONSTRAINT positive CHECK (VALUE >= 0) NOT NULL;
CREATE TYPE shop.point3 AS (x int, y int, z text);
CREATE SEQUENCE shop.numbers START 100 INCREMENT 5 CACHE 3;
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS $f$
BEGIN
  -- CREATE SCHEMA in a comment; SET transaction_timeout = 0;
  RETURN NEW;
END $f$;
CREATE FUNCTION shop.total(a shop.amount, b int DEFAULT 2) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT a * b';
CREATE TABLE shop.customers (
  id bigint GENERATED ALWAYS AS IDENTITY (START 10) PRIMARY KEY,
  email extensions.citext NOT NULL UNIQUE,
  favourite bigint,
  made timestamptz DEFAULT now(),
  doubled int GENERATED ALWAYS AS (length('ab') * 2) STORED,
  balance shop.amount,
  place shop.point3,
  CONSTRAINT short CHECK (length(email::text) < 200)
);
CREATE TABLE shop.orders (
  id int PRIMARY KEY DEFAULT nextval('shop.numbers'),
  customer bigint NOT NULL,
  state shop.state NOT NULL DEFAULT 'new',
  tags text[] DEFAULT '{}',
  during tstzrange,
  EXCLUDE USING gist (customer WITH =, during WITH &&)
);
ALTER TABLE shop.orders ADD FOREIGN KEY (customer) REFERENCES shop.customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE shop.customers ADD CONSTRAINT cycle FOREIGN KEY (favourite) REFERENCES shop.orders NOT VALID;
CREATE TABLE shop.serials (id serial PRIMARY KEY, "Weird Column" text COLLATE "C");
CREATE TABLE shop.events (id int, at date NOT NULL, note text DEFAULT 'x', PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2025 PARTITION OF shop.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;
CREATE INDEX events_note ON shop.events (lower(note)) WHERE note IS NOT NULL;
CREATE INDEX ON shop.orders USING gin (tags);
CREATE UNIQUE INDEX orders_identity ON shop.orders (id) INCLUDE (state);
ALTER TABLE shop.orders REPLICA IDENTITY FULL;
CREATE VIEW shop.paid AS SELECT o.id, c.email FROM shop.orders o JOIN shop.customers c ON c.id = o.customer WHERE state = 'paid';
CREATE MATERIALIZED VIEW shop.counts AS SELECT count(*) AS n FROM shop.paid;
CREATE TRIGGER touch BEFORE UPDATE ON shop.customers FOR EACH ROW EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.customers DISABLE TRIGGER touch;
CREATE TABLE "we""ird.*"."Ta'ble.*" ("Col""umn" int, "a$b" text DEFAULT 'it''s \\ here');
CREATE TABLE shop."weird" (id int);
COMMENT ON TABLE shop.orders IS 'who''s order';
ALTER TABLE shop.orders OWNER TO "We""ird Rôle";
ALTER TABLE shop.customers OWNER TO shop_owner;
ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.orders FOR SELECT TO readers USING (customer = 1);
GRANT USAGE ON SCHEMA shop TO readers;
GRANT SELECT ON shop.customers TO readers;
GRANT UPDATE (email) ON shop.customers TO readers;
REVOKE EXECUTE ON FUNCTION shop.total FROM PUBLIC;
GRANT EXECUTE ON FUNCTION shop.total TO readers WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA shop GRANT SELECT ON TABLES TO readers;
CREATE TABLE public.in_public (id int);
`;
