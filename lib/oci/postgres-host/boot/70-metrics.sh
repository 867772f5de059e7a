#!/bin/bash
# What alarms look at: one query a minute, posted to the Monitoring service. Nothing else measures PostgreSQL here.

# Lines of name, value and slot.
measure() {
  ask "SELECT format('%s %s %s', name, value, slot) FROM (
    SELECT 'ServerUp' AS name, 1::numeric AS value, '' AS slot
    UNION ALL SELECT 'SlotActive', active::int, slot_name FROM pg_replication_slots WHERE restart_lsn IS NOT NULL
    UNION ALL SELECT 'SlotLost', (wal_status = 'lost')::int, slot_name FROM pg_replication_slots
    UNION ALL SELECT 'SlotRetainedMiB', round(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
        THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn) / 1048576), slot_name
      FROM pg_replication_slots WHERE restart_lsn IS NOT NULL
    UNION ALL SELECT 'Receiving', EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')::int, ''
      WHERE pg_is_in_recovery()
    UNION ALL SELECT 'ReplayLagSeconds', CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE round(extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END, ''
      WHERE pg_is_in_recovery()
    UNION ALL SELECT 'ArchiveFailing', (last_failed_time > coalesce(last_archived_time, '-infinity'))::int, ''
      FROM pg_stat_archiver WHERE NOT pg_is_in_recovery() AND last_failed_time IS NOT NULL
  ) AS metrics WHERE value IS NOT NULL"
  printf 'SecondPrimary %d \n' "$([[ ${BESIDE-}${STRANGERS-} == '' ]] || echo 1)"
  df --output=pcent $MOUNT | sed -n 's/^ *\([0-9]*\)%$/VolumeUsedPercent \1 /p'
}

# The service takes fifty values at once.
post_metrics() {
  local file=$STATE/metrics.json batch
  measure | jq -cRn --arg compartment "$METRICS_COMPARTMENT_ID" --arg namespace "$METRICS_NAMESPACE" \
    --arg server "$SERVER" '(now | todate) as $at | [inputs | split(" ") | {name: .[0], namespace: $namespace,
      compartmentId: $compartment, datapoints: [{timestamp: $at, value: (.[1] | tonumber)}],
      dimensions: ({$server} + if .[2] == "" then {} else {slot: .[2]} end)}] |
      range(0; length; 50) as $first | .[$first:$first + 50]' |
    while IFS= read -r batch; do
      printf '%s\n' "$batch" >"$file"
      oci monitoring metric-data post --metric-data "file://$file" \
        --endpoint "https://telemetry-ingestion.$REGION.oraclecloud.com" >/dev/null || say 'metrics could not be posted'
    done
}
