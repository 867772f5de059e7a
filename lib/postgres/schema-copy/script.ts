import { FINISH, PLAN, PREPARE, RENAME } from './statements';

/** Seconds that a copy may take, shorter than the function that waits for it may run. */
export const SCHEMA_COPY_SECONDS = 780;

/** A source that the host of a schema copy reaches by network, because it runs on a machine of somebody else's. */
export interface RemoteSource {
  /** Host name or address. It may be known only at deployment. */
  readonly host: string;
  /** The port. */
  readonly port: string;
  /** `verify-full` or `verify-ca`, against the same certificates as the target's. */
  readonly sslMode: string;
  /** Where the login is kept with which the schema is read: an ARN or a name in Secrets Manager. */
  readonly secret: string;
}

/**
 * The script that runs on the host of a schema copy, in which SSM replaces `{{ name }}` by the parameters: on the
 * standby's own machine, with the files that IntermediaryStandby writes, or on a machine that only has the tools, and
 * reaches `source` by network. `TOOLS`, `SOCKET` and `PORT` in its file, `SOURCE_HOST`, `SOURCE_PORT` and `SOURCE_CA`,
 * and another `PONTOON_ENV`, lead it elsewhere.
 */
export function schemaCopyScript(source?: RemoteSource): string {
  return SCRIPT.replace('# source\n', () => (source === undefined ? '' : remoteSource(source)));
}

/** What was said on the host already has precedence. */
function remoteSource({ host, port, sslMode, secret }: RemoteSource): string {
  return Object.entries({
    SOURCE_HOST: host,
    SOURCE_PORT: port,
    SOURCE_SSLMODE: sslMode,
    SOURCE_SECRET: secret,
  })
    .map(([name, value]) => `: "\${${name}:=${value}}"\n`)
    .join('');
}

/** What jq makes of the target's secret: its user, and a line for a password file. */
export const PASSFILE_FILTER = String.raw`if ([.username, .password] | all(type == "string" and length > 0)) | not
        then error("the secret lacks a username or a password")
      elif .username + .password | test("[\\r\\n]")
        then error("the username or the password contains a line break")
      else "# \(.username)\n*:*:*:*:\(.password | gsub("(?<c>[\\\\:])"; "\\\(.c)"))" end`;

const SCRIPT = `#!/bin/bash
# Copies roles, extensions and schema from one server to another one, in one transaction.
set -euo pipefail
umask 077
export LC_ALL=C PGCONNECT_TIMEOUT=30
cd /

environment=\${PONTOON_ENV:-/etc/pontoon/standby.env}
[[ -e $environment ]] || environment=/etc/pontoon/host.env
# Values are assigned, never evaluated: nothing in them can run.
while IFS= read -r line; do
  [[ $line == *=* ]] && declare -r "\${line%%=*}=\${line#*=}"
done <"$environment"
# source
export AWS_DEFAULT_REGION=$REGION

work=$(mktemp -d)
finish() {
  local status=$?
  trap - EXIT
  # SSM keeps the beginning of what is written, and the reason is at the end.
  ((status == 0)) || tail -c 2000 "$work/errors" >&3
  rm -rf "$work"
  exit "$status"
}
exec 3>&2 2>"$work/errors"
trap finish EXIT

decode() { base64 -d <<<"$1"; }
source_database=$(decode '{{ sourceDatabase }}')
target_database=$(decode '{{ database }}')
read -ra schemas <<<'{{ schemas }}'
decode '{{ caCertificate }}' >"$work/ca.pem"

bin=\${TOOLS:-}
for directory in "/usr/lib/postgresql/$MAJOR/bin" "/usr/pgsql-$MAJOR/bin" /usr/bin; do
  [[ -n $bin || ! -x $directory/pg_dump ]] || bin=$directory
done

on_source() {
  if [[ -z \${SOURCE_HOST:-} ]]; then
    PGHOST=\${SOCKET:-/run/postgresql} PGPORT=\${PORT:-5432} PGUSER=$LOCAL_ROLE \\
      PGDATABASE=$source_database runuser -u postgres -- "$@"
  else
    PGHOST=$SOURCE_HOST PGPORT=\${SOURCE_PORT:-5432} PGUSER=$source_user \\
      PGDATABASE=$source_database PGSSLMODE=\${SOURCE_SSLMODE:-verify-full} \\
      PGSSLROOTCERT=\${SOURCE_CA:-$work/ca.pem} PGPASSFILE=$work/source-passfile "$@"
  fi
}

ask_source() { on_source "$bin/psql" -XAtqw -v ON_ERROR_STOP=1 -v schemas="\${schemas[*]}"; }

on_target() {
  PGHOST='{{ host }}' PGPORT='{{ port }}' PGUSER=$target_user PGDATABASE=$target_database \\
    PGSSLMODE='{{ sslMode }}' PGSSLROOTCERT=$work/ca.pem PGPASSFILE=$work/passfile \\
    PGOPTIONS='-c client_min_messages=warning' "$bin/psql" -XAtqw -v ON_ERROR_STOP=1 "$@"
}

# The password goes straight from Secrets Manager into a file: never into a variable, an argument or the output.
fetch_secret() {
  aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text |
    jq -r '${PASSFILE_FILTER}' \\
      >"$work/$2"
}

# A permission that was just given takes a while to be known everywhere.
until fetch_secret '{{ secret }}' passfile &&
  { [[ -z \${SOURCE_HOST:-} ]] || fetch_secret "$SOURCE_SECRET" source-passfile; }; do
  if ! grep -q AccessDenied "$work/errors" || ((SECONDS > 90)); then exit 1; fi
  sleep 5
done
target_user=$(sed -n '1s/^# //p' "$work/passfile")
[[ -z \${SOURCE_HOST:-} ]] || source_user=$(sed -n '1s/^# //p' "$work/source-passfile")

dump_schemas() {
  local name patterns=()
  for name in "\${schemas[@]}"; do
    name=$(decode "$name")
    # In double quotes nothing is a wildcard.
    patterns+=(-n "\\"\${name//\\"/\\"\\"}\\"")
  done
  on_source "$bin/pg_dump" -w --schema-only --strict-names --no-publications --no-subscriptions \\
    --no-security-labels --no-tablespaces "\${patterns[@]}" >"$work/dump.sql"
}

# What the primary drops or alters has precedence on a standby.
until dump_schemas; do
  if ! grep -q 'conflict with recovery' "$work/errors" || ((SECONDS > 300)); then exit 1; fi
  : >"$work/errors"
  sleep 5
done

# Roles of our own on the source have nothing to do on the target.
: >"$work/own-roles"
if [[ $(ask_source <<<"SELECT pg_catalog.to_regclass('pontoon.objects') IS NOT NULL") == t ]]; then
  ask_source <<<"SELECT pg_catalog.quote_ident(name) FROM pontoon.objects WHERE kind = 'role' AND NOT adopted" \\
    >"$work/own-roles"
fi

ask_source >"$work/plan.sql" <<'SQL'
${PLAN}
SQL
cat >"$work/prepare.sql" <<'SQL'
${PREPARE}
SQL
cat >"$work/finish.sql" <<'SQL'
${FINISH}
SQL
cat >"$work/rename.sql" <<'SQL'
${RENAME}
SQL

# Tools of two releases may not know each other's meta-commands; servers of two majors not each other's settings.
same_release=0
[[ $("$bin/pg_dump" --version | tr -cd '0-9.') != $("$bin/psql" --version | tr -cd '0-9.') ]] || same_release=1
awk -v same_release=$same_release '
  FILENAME == ARGV[1] { own[$0]; next }
  /^-- Name: / { type = $0; sub(/.*; Type: /, "", type); sub(/; Schema: .*/, "", type) }
  !same_release && /^\\\\(un)?restrict / { next }
  type == "" && /^SET transaction_timeout = / { next }
  type == "SCHEMA" && / SCHEMA public( OWNER TO .*)?;$/ { next }
  type == "SCHEMA" { sub(/^CREATE SCHEMA /, "CREATE SCHEMA IF NOT EXISTS ") }
  type ~ /ACL$/ {
    for (role in own)
      if (index($0, " TO " role ";") || index($0, " TO " role " WITH ") || index($0, " FROM " role ";")) next
  }
  { print }
' "$work/own-roles" "$work/dump.sql" >"$work/schema.sql"

on_target -1 -v entry='{{ entry }}' -v transformations='{{ transformations }}' -f "$work/plan.sql" \\
  -f "$work/prepare.sql" -f "$work/schema.sql" -f "$work/finish.sql" -f "$work/rename.sql" >/dev/null
printf 'the schema was copied\\n'
`;
