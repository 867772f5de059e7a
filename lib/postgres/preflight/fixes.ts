import { renderAlterSystem, renderParameterGroup, type SettingDifference } from '../settings';
import { isManaged, Platform, type TopologyServer } from '../topology';

/** What changes a setting on `server`: SQL, or the command for a server whose files a cloud keeps. */
export function settingFix(server: TopologyServer, difference: SettingDifference): string {
  if (isOfOci(server))
    return configurationItem(difference.required.name, difference.required.value);
  if (isManaged(server)) return parameterGroupCommand(difference);
  const statements = renderAlterSystem([difference]);
  // ALTER SYSTEM only writes a file: without a reload nothing takes effect before the next restart.
  return [...statements, 'SELECT pg_catalog.pg_reload_conf();'].join('\n');
}

/** What a person must do so that a changed setting takes effect. */
export function afterChange(server: TopologyServer, needsRestart: boolean): string {
  if (isOfOci(server)) {
    const attach = 'attach a configuration that sets it';
    return needsRestart ? `${attach}, with a restart` : attach;
  }
  if (isManaged(server)) {
    return needsRestart
      ? 'change the parameter group and reboot the writer'
      : 'change the parameter group';
  }
  return needsRestart ? 'change it and restart the server' : 'change it and reload';
}

/** The name and value by which the parameter group of a managed server knows a setting. */
export function parameterOf({
  required,
}: SettingDifference): readonly [string, string] | undefined {
  const always = renderParameterGroup([]);
  return Object.entries(renderParameterGroup([required])).find(([name]) => !(name in always));
}

function parameterGroupCommand(difference: SettingDifference): string {
  const [name, value] = parameterOf(difference) ?? [
    difference.required.name,
    difference.required.value,
  ];
  return modifyParameter(name, value, difference.needsRestart);
}

/** Whether the server is a database of OCI, whose settings are in a configuration. */
export function isOfOci(server: TopologyServer): boolean {
  return server.platform === Platform.OCI_POSTGRESQL;
}

/** What sets `name` on a server that a cloud manages. */
export function managedFix(
  server: TopologyServer,
  { name, value, needsRestart }: { name: string; value: string; needsRestart: boolean },
): string {
  if (isOfOci(server)) return configurationItem(name, value);
  return modifyParameter(name, value.replace(/^off$/, '0'), needsRestart);
}

/** An override of a configuration of OCI, as its client reads it; there is no command that changes one in place. */
function configurationItem(configKey: string, overridenConfigValue: string): string {
  return JSON.stringify({ configKey, overridenConfigValue });
}

/** The command that sets a parameter; the group's name is not known here. */
export function modifyParameter(name: string, value: string, needsRestart: boolean): string {
  const method = needsRestart ? 'pending-reboot' : 'immediate';
  return `aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name "$PARAMETER_GROUP" --parameters "ParameterName=${name},ParameterValue=${value},ApplyMethod=${method}"`;
}
