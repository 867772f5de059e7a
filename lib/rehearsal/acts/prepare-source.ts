import { isManaged, serverOf } from '../../postgres';
import { rolesOn } from '../checks/leftovers';
import { createStatementView } from '../checks/statements';
import { createManagedSource, followManagedRunbook } from '../managed-source';
import { createSource, followRunbook, type Source, type SourceOptions } from '../source';
import type { Scene } from './scene';

/** The source as its owner hands it over, and the roles that were there before the deployment. */
export interface PreparedSource extends Source {
  readonly rolesBefore: readonly string[];
}

/** Starts the source with an application's data, and prepares it by the runbook. */
export async function prepareSource(scene: Scene): Promise<PreparedSource> {
  const { context, stage } = scene;
  const { migration, chain, workspace, rows, findings } = context;
  const options = {
    workspace,
    migration,
    name: chain.source,
    password: stage.addLogin(chain.source, migration.source.administrator),
    selection: chain.selection,
    rows,
  };
  const managed = isManaged(serverOf(migration.topology, chain.source));
  const source = await (managed ? prepareManaged(scene, options) : prepareOwn(scene, options));
  const rolesBefore = await rolesOn(source.server);
  stage.addSource(source.server, stage.evaluateBinding(chain.source, 'host'));
  await scene.addServer(chain.source, source.server, 'primary');
  findings.seeded = rows;
  return { ...source, rolesBefore };
}

async function prepareOwn({ context }: Scene, options: SourceOptions): Promise<Source> {
  const source = await createSource(options);
  await createStatementView(source.server);
  context.recorder.progress('following the runbook');
  await followRunbook(options, source.server);
  return source;
}

async function prepareManaged({ context }: Scene, options: SourceOptions): Promise<Source> {
  const { recorder, findings } = context;
  const source = await createManagedSource(options);
  await createStatementView(source.server);
  recorder.progress('following the runbook');
  const shims = await followManagedRunbook(options, source);
  findings.secrets.push(source.administrator.password);
  findings.shims.push(...source.shims, ...shims);
  return source;
}
