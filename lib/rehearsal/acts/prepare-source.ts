import { rolesOn } from '../checks/leftovers';
import { createStatementView } from '../checks/statements';
import { createSource, followRunbook, type Source } from '../source';
import type { Scene } from './scene';

/** The source as its owner hands it over, and the roles that were there before the deployment. */
export interface PreparedSource extends Source {
  readonly rolesBefore: readonly string[];
}

/** Starts the source with an application's data, and prepares it by the runbook. */
export async function prepareSource(scene: Scene): Promise<PreparedSource> {
  const { context, stage } = scene;
  const { migration, chain, workspace, rows, findings, recorder } = context;
  const options = {
    workspace,
    migration,
    name: chain.source,
    password: stage.addLogin(chain.source, migration.source.administrator),
    selection: chain.selection,
    rows,
  };
  const source = await createSource(options);
  await createStatementView(source.server);
  recorder.progress('following the runbook');
  await followRunbook(options, source.server);
  const rolesBefore = await rolesOn(source.server);
  stage.addresses.add(stage.evaluateBinding(chain.source, 'host'), source.server);
  await scene.addServer(chain.source, source.server, 'primary');
  findings.seeded = rows;
  return { ...source, rolesBefore };
}
