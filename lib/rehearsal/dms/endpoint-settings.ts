import { Problems } from '../../postgres';
import { JsonReader, readJsonObject } from './json-reader';

/** The part of a DMS endpoint's PostgreSqlSettings that the stand-in obeys. */
export interface DmsEndpointSettings {
  readonly slotName: string | undefined;
  readonly pluginName: string | undefined;
  readonly captureDdls: boolean;
  readonly heartbeatEnable: boolean;
  readonly mapBooleanAsBoolean: boolean;
  readonly failTasksOnLobTruncation: boolean;
  /** SQL that runs in every session on this endpoint. */
  readonly afterConnectScript: string | undefined;
}

/** Reads an endpoint's PostgreSqlSettings. Throws a ValidationError with everything wrong. */
export function readEndpointSettings(value: unknown, what: string): DmsEndpointSettings {
  const problems = new Problems();
  const reader = new JsonReader(readJsonObject(value, what, problems), what, problems);
  const settings: DmsEndpointSettings = {
    slotName: reader.text('SlotName'),
    pluginName: reader.text('PluginName'),
    captureDdls: reader.boolean('CaptureDdls', true),
    heartbeatEnable: reader.boolean('HeartbeatEnable', false),
    mapBooleanAsBoolean: reader.boolean('MapBooleanAsBoolean', false),
    failTasksOnLobTruncation: reader.boolean('FailTasksOnLobTruncation', false),
    afterConnectScript: reader.text('AfterConnectScript'),
  };
  problems.throwIfAny('DMS endpoint settings');
  return settings;
}
