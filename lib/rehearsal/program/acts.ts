import { PontoonError, quoteIdentifier } from '../../postgres';
import type { Act } from '../acts/act';
import { outcomeOf, switchWriters, WRITE_AGAIN_MS } from '../acts/switch-writers';
import type { Workload } from '../acts/workload';
import { isRecord } from '../assembly';
import { asSuperuser } from '../source';
import { pgDumpStandIn } from '../ssm/pg-dump';
import { PG_DUMP_STAND_IN } from '../ssm/pg-dump-behaviours';
import { APPLICATION, letIn } from '../workload/application-login';
import { sampleSchemas } from '../workload/sample-tables';
import { ClientEndpoint } from './client-endpoint';
import { concludeNotPlayed } from './not-played';
import type { ProgramScene } from './program-scene';

/** Starts the green database with the schema, and runs the commands that the program registered. */
export const deploy: Act<ProgramScene> = {
  name: 'deploy',
  title: 'Deploy the program',
  async play(scene, workload) {
    const { context, commands, deployment } = scene;
    await scene.start(context.chain.target, 'target');
    await copySchema(scene, workload);
    concludeNotPlayed(context.findings, deployment);
    if (commands.count === 0)
      throw new PontoonError(
        'NO_COMMANDS',
        'a program must register commands that make what replicates, got none; let the deployment replicate',
      );
    await commands.create();
  },
};

/** Has applications find their servers by the names and the load balancer of the program. */
export const endpoint: Act<ProgramScene> = {
  name: 'endpoint',
  title: 'Lead applications by the endpoint',
  async play(scene, workload) {
    const { target, targetDatabase, context, deployment, place } = scene;
    await asSuperuser(target, targetDatabase, async (client) => {
      await letIn(client, workload.login.password);
    });
    scene.endpoint = await ClientEndpoint.open(place, deployment, (name) => scene.server(name));
    workload.follow(scene.endpoint.resolver, context.chain.target, target);
    const { from } = deployment.cutover.input.plan;
    await workload.applications.untilWriting({ server: from, deadlineMs: WRITE_AGAIN_MS });
  },
};

/** Runs `pontoon` with the cutover that the program registered, while applications write. */
export const cutover = switching('cutover', 'Cut over', 'cutover', 'to');
export const rollback = switching('rollback', 'Roll back', 'rollback', 'from');
export const cutoverAgain = switching('cutover-again', 'Cut over again', 'cutover', 'to');

/** Drops everything that the deployment made between the servers. */
export const finalize: Act<ProgramScene> = {
  name: 'finalize',
  title: 'Finalize',
  async play(scene) {
    await scene.pontoon('finalize --yes --json');
  },
};

function switching(
  name: string,
  title: string,
  command: 'cutover' | 'rollback',
  side: 'from' | 'to',
): Act<ProgramScene> {
  return {
    name,
    title,
    async play(scene, workload) {
      await scene.pontoon(`${command} --compare --json`);
      await switchWriters(scene.context, workload, {
        name,
        title,
        to: () => scene.deployment.cutover.input.plan[side],
        walk: async () => {
          const output = await scene.pontoon(`${command} --yes --json`);
          const walked = Array.isArray(output.steps) ? output.steps.filter(isRecord) : [];
          return {
            ...outcomeOf(output),
            states: walked.map(({ id, tookMs }) => ({ name: String(id), ms: Number(tookMs) })),
          };
        },
      });
    },
  };
}

/** As people do by pg_dump and psql. Roles are not part of a schema. */
async function copySchema(scene: ProgramScene, { source }: Workload): Promise<void> {
  const { context, target, sourceDatabase, targetDatabase } = scene;
  const schemas = sampleSchemas(source.tables);
  const { output } = await pgDumpStandIn(source.server)({
    args: ['--schema-only', ...schemas.flatMap((schema) => ['-n', quoteIdentifier(schema)])],
    env: { PGHOST: source.server.socketDirectory, PGDATABASE: sourceDatabase },
    input: '',
  });
  context.findings.standIns.push(PG_DUMP_STAND_IN);
  await asSuperuser(target, targetDatabase, async (client) => {
    await client.query(`CREATE ROLE ${APPLICATION}`);
    await client.query(output);
  });
}
