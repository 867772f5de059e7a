import { isManaged, serverOf } from '../../postgres';
import { rolesOn } from '../checks/leftovers';
import { createStatementView } from '../checks/statements';
import type { StackContext } from '../context';
import { createManagedSource, followManagedRunbook } from '../managed-source';
import { clusterOf, createNewSource } from '../new-source';
import {
  createSource,
  followRunbook,
  type PreparedOptions,
  type Source,
  type SourceOptions,
} from '../source';
import type { StackScene } from './stack-scene';

/** The source as its owner hands it over, and the roles that were there before the deployment. */
export interface PreparedSource extends Source {
  readonly rolesBefore: readonly string[];
}

/** Starts the source with an application's data, and prepares it by the runbook unless the stack makes it. */
export async function prepareSource(scene: StackScene): Promise<PreparedSource> {
  const { context } = scene;
  const { migration, chain, rows, findings } = context;
  const logicalId = clusterOf(migration, chain.source);
  const source = await (logicalId === undefined
    ? prepareExisting(scene)
    : prepareNew(scene, logicalId));
  await scene.addServer(chain.source, source.server, 'primary');
  findings.seeded = rows;
  return source;
}

async function prepareNew(
  { context, stage }: StackScene,
  logicalId: string,
): Promise<PreparedSource> {
  const { migration, findings } = context;
  const source = await createNewSource(sourceOptions(context), logicalId);
  await createStatementView(source.server);
  stage.expectSource(source);
  findings.shims.push(...source.shims);
  const { administrator } = migration.source;
  return { ...source, rolesBefore: [...(await rolesOn(source.server)), administrator] };
}

async function prepareExisting(scene: StackScene): Promise<PreparedSource> {
  const { context, stage } = scene;
  const { migration, chain } = context;
  const password = stage.addLogin(chain.source, migration.source.administrator);
  const options = { ...sourceOptions(context), password };
  const managed = isManaged(serverOf(migration.topology, chain.source));
  const source = await (managed ? prepareManaged(scene, options) : prepareOwn(scene, options));
  stage.addSource(source.server, stage.evaluateBinding(chain.source, 'host'));
  return { ...source, rolesBefore: await rolesOn(source.server) };
}

function sourceOptions({ workspace, migration, chain, rows }: StackContext): SourceOptions {
  return { workspace, migration, name: chain.source, selection: chain.selection, rows };
}

async function prepareOwn({ context }: StackScene, options: PreparedOptions): Promise<Source> {
  const source = await createSource(options);
  await createStatementView(source.server);
  context.recorder.progress('following the runbook');
  await followRunbook(options, source.server);
  return source;
}

async function prepareManaged({ context }: StackScene, options: PreparedOptions): Promise<Source> {
  const { recorder, findings } = context;
  const source = await createManagedSource(options);
  await createStatementView(source.server);
  recorder.progress('following the runbook');
  const shims = await followManagedRunbook(options, source);
  findings.secrets.push(source.administrator.password);
  findings.shims.push(...source.shims, ...shims);
  return source;
}
