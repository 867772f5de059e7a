/** Where a deployment puts what is to be watched of it, and under which names it is posted. */
export const WATCH = {
  /** In the home of the user who logs in: a file for each deployment. */
  directory: '.pontoon/watch',
  namespace: 'pontoon_blue_green',
} as const;

const SCRIPT = '/opt/pontoon/watch.sh';

/** Who is logged in as on images of Oracle Linux. */
export const USER = 'opc';

/**
 * Lifts the fence of each deployment's walk that died, once its deadline has passed. Then posts whether one stands still,
 * how much of the log the slots keep where its ways begin, and whether one is read by nobody. A deployment that cannot be
 * asked is told by the numbers that do not come.
 */
export function watchScript(): string {
  return `#!/bin/bash
set -uo pipefail
export OCI_CLI_AUTH=instance_principal
cd || exit 1
umask 077
region=$(curl -sf -m 10 -H 'Authorization: Bearer Oracle' \\
  http://169.254.169.254/opc/v2/instance/canonicalRegionName)
lift() {
  jq -r .cutover "$1" | timeout 300 pontoon cutover --lift-expired >&2
  case $? in
    0) echo '{"overdue": 0}' ;;
    1 | 124) echo '{"overdue": 1}' ;;
  esac
}
ways() {
  jq -r .cutover "$1" | timeout 50 pontoon status --ways --json
}
for file in ${WATCH.directory}/*.json; do
  [ -e "$file" ] || continue
  name=$(basename "$file" .json)
  { lift "$file"; ways "$file"; } |
    jq -cs --arg compartment "$(jq -r .compartmentId "$file")" --arg deployment "$name" '(now | todate) as $at |
      def metric($name; $value; $of): {name: $name, namespace: "${WATCH.namespace}", compartmentId: $compartment,
        datapoints: [{timestamp: $at, value: $value}], dimensions: ({$deployment} + $of)};
      [.[] | (.overdue | select(. != null) | metric("FenceOverdue"; .; {})),
        (select(has("forward")) | metric("Watched"; 1; {}), ({forward, reverse} | to_entries[] | .key as $way |
          .value | select(. != null) | (.keptBytes // empty | metric("SlotLagMiB"; . / 1048576; {$way})),
          metric("Stalled"; if .state == "stalled" then 1 else 0 end; {$way})))] |
      select(length > 0)' >"$file.metrics"
  [ -n "$region" ] && [ -s "$file.metrics" ] &&
    oci monitoring metric-data post --metric-data "file://$PWD/$file.metrics" \\
      --endpoint "https://telemetry-ingestion.$region.oraclecloud.com" >/dev/null ||
    echo "nothing was posted of $name" >&2
done
`;
}

/** What cloud-init writes so that it runs each minute. */
export function watchFiles(): readonly { path: string; permissions: string; content: string }[] {
  return [
    { path: SCRIPT, permissions: '0644', content: watchScript() },
    {
      path: '/etc/systemd/system/pontoon-watch.service',
      permissions: '0644',
      content: `[Unit]
Description=Watch of the deployments that pontoon made: lifts fences past their deadline, and posts metrics
[Service]
Type=oneshot
User=${USER}
ExecStart=/bin/bash ${SCRIPT}
`,
    },
    {
      path: '/etc/systemd/system/pontoon-watch.timer',
      permissions: '0644',
      content: `[Timer]
OnCalendar=minutely
[Install]
WantedBy=timers.target
`,
    },
  ];
}
