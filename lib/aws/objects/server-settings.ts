import type { CustomResource } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { Problems } from '../../postgres';
import type { ServerBinding } from '../server-binding';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** Settings of a server that this library may configure; for Aurora and RDS use a parameter group. */
export interface ServerSettingsProps extends PostgresObjectProps {
  /** Values by setting, as postgresql.conf takes them. Changing them alters the server in place. */
  readonly settings: { readonly [name: string]: string };
  /**
   * The name of this set of settings; a setting may belong to one set only. Changing it replaces the set.
   *
   * @default 'settings'
   */
  readonly settingsName?: string;
  /**
   * The primary, if `server` is a standby: the ledger is written there.
   *
   * @default - `server` is a primary
   */
  readonly primary?: ServerBinding;
}

/**
 * Settings that are changed by ALTER SYSTEM and reloaded, without touching the host's user data. Some take effect only
 * after a restart, which nothing here does: `pendingRestart` names them.
 *
 * @see https://www.postgresql.org/docs/current/sql-altersystem.html
 */
export class ServerSettings extends Construct {
  /** The settings that wait for a restart, separated by commas; empty if none does. */
  public readonly pendingRestart: string;
  private readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: ServerSettingsProps) {
    super(scope, id);
    const problems = new Problems();
    const name = props.settingsName ?? 'settings';
    const problem = knownNameProblem(name, 'settingsName');
    if (problem !== undefined) problems.add(problem);
    problems.addIf(
      Object.keys(props.settings).length === 0,
      "'settings' must hold at least one setting, got none; add it or remove the construct",
    );
    problems.throwIfAny(`server settings '${id}'`);
    this.resource = postgresObject(
      this,
      'ServerSettings',
      { kind: 'server-settings', name, settings: props.settings },
      props,
    );
    this.pendingRestart = this.resource.getAttString('pendingRestart');
  }
}
