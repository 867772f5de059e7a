import { account } from '../acts/account';
import type { Act } from '../acts/act';
import { catchUp } from '../acts/catch-up';
import { copy } from '../acts/copy';
import { flow } from '../acts/flow';
import { compareRows } from '../acts/verify';
import { readChain } from '../chain';
import { concludeLeftovers } from '../checks/conclusions';
import { rolesOn } from '../checks/leftovers';
import type { RehearsalContext } from '../context';
import { playActs } from '../play';
import { type CommonOptions, rehearseBy } from '../rehearse';
import type { RehearsalReport } from '../report/report';
import { asSuperuser, fill, type Source } from '../source';
import { sampleTables } from '../workload/sample-tables';
import { cutover, cutoverAgain, deploy, endpoint, finalize, rollback } from './acts';
import { clusterFrom, playCluster } from './cluster/rehearse-cluster';
import {
  deploymentFrom,
  findRehearsed,
  type RegisteredDeployment,
  STREAMING_CLUSTER,
} from './deployment';
import { ProgramScene } from './program-scene';
import { readProject } from './project';
import { recordProject } from './record-project';

/** What to rehearse of a Pulumi program, and how. */
export interface RehearseProgramOptions extends CommonOptions {
  /** The directory of the program's `Pulumi.yaml`. */
  readonly directory: string;
  /**
   * The Pulumi stack, whose configuration is read from `Pulumi.<stack>.yaml` if there is one.
   *
   * @default 'dev'
   */
  readonly stack?: string;
  /**
   * Configuration beside that of the stack, and before it. A key without a colon is the project's own.
   *
   * @default - none
   */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * The name of the deployment.
   *
   * @default - the only one
   */
  readonly deployment?: string;
}

const STACK = 'dev';

/** What happens between the start of the source and the end of the program, in this order. */
const ACTS: readonly Act<ProgramScene>[] = [
  deploy,
  copy,
  flow,
  endpoint,
  catchUp,
  compareRows,
  account,
];

/** The same, with the switches: there, back, there again, and to the end. */
const ACTS_WITH_CUTOVER: readonly Act<ProgramScene>[] = [
  deploy,
  copy,
  flow,
  endpoint,
  cutover,
  rollback,
  cutoverAgain,
  catchUp,
  compareRows,
  account,
  finalize,
];

/**
 * Plays what a Pulumi program deploys on this machine, which it runs without an engine. Of a blue-green deployment: starts
 * a real server for each database, runs the very commands that it registered, has applications write through its load
 * balancer, switches writers there, back and there again, compares every row, and drops it all. Of a streaming cluster:
 * starts its servers as their hosts are told to, kills the primary while applications write, promotes another one, has the
 * old one follow, and compares every row. What goes wrong with that is in the report's `problems`, and everything is
 * cleared away in any case.
 *
 * @throws PontoonError with code NO_PROGRAM, PROGRAM or NO_DEPLOYMENT if there is nothing to rehearse.
 */
export async function rehearseProgram(options: RehearseProgramOptions): Promise<RehearsalReport> {
  const { directory, stack = STACK, config = {} } = options;
  const project = readProject({ directory, stack, config });
  const resources = await recordProject(project, options.signal);
  const chosen = findRehearsed(resources, options.deployment);
  const named = { stack: `${project.name}/${stack}`, name: chosen.name };
  if (chosen.type === STREAMING_CLUSTER) {
    const cluster = clusterFrom(chosen, resources);
    const rehearsed = { ...named, topology: cluster.topology };
    return await rehearseBy(options, rehearsed, (context) => playCluster(context, cluster));
  }
  const deployment = deploymentFrom(chosen, resources);
  const { topology } = deployment;
  const chain = readChain(topology);
  return await rehearseBy(options, { ...named, topology }, (context) =>
    playProgram({ ...context, chain }, deployment),
  );
}

async function playProgram(
  context: RehearsalContext,
  deployment: RegisteredDeployment,
): Promise<void> {
  const scene = await ProgramScene.open(context, deployment);
  try {
    await playActs(scene, {
      prepare: () => prepareSource(scene),
      acts: context.cutover ? ACTS_WITH_CUTOVER : ACTS,
      end: { title: 'Destroy the program', play: () => destroy(scene) },
      lookBack: (source) => lookBack(scene, source),
    });
  } finally {
    await scene.close();
  }
}

/** The blue database with an application's data, and the roles that were there before the program. */
interface BlueSource extends Source {
  readonly rolesBefore: readonly string[];
}

async function prepareSource(scene: ProgramScene): Promise<BlueSource> {
  const { chain, rows, findings } = scene.context;
  const { server } = await scene.start(chain.source, 'primary');
  const tables = sampleTables(chain.selection);
  await asSuperuser(server, scene.sourceDatabase, async (client) => {
    await fill(client, tables, rows);
  });
  findings.seeded = rows;
  return { server, tables, rolesBefore: await rolesOn(server) };
}

async function destroy({ commands, context }: ProgramScene): Promise<void> {
  context.findings.problems.push(...(await commands.remove()));
}

async function lookBack(scene: ProgramScene, { server, rolesBefore }: BlueSource): Promise<void> {
  const { context, sourceDatabase, targetDatabase } = scene;
  const places = [{ server, database: sourceDatabase, rolesBefore }];
  if (scene.started(context.chain.target))
    places.push({ server: scene.target, database: targetDatabase, rolesBefore });
  await concludeLeftovers(context, places);
}
