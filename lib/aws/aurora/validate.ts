import { nameProblem, Problems } from '../../postgres';
import { engineProblems } from './engine';
import { neededParameters } from './parameters';
import type { AuroraTargetProps } from './props';

/** Aurora capacity units, unless others are asked for. */
export const DEFAULT_CAPACITY = { least: 1, most: 16 };

/** What of a cluster can be checked before it has a place. */
export type ClusterPlan = Omit<AuroraTargetProps, 'vpc'>;

/** Says what of a cluster cannot work, by the names of its properties. */
export function clusterProblems(plan: ClusterPlan): readonly string[] {
  const problems = new Problems();
  const problem = nameProblem(plan.databaseName, 'databaseName');
  if (problem !== undefined) problems.add(problem);
  for (const found of engineProblems(plan.majorVersion, plan.engineVersion)) problems.add(found);
  checkCapacity(plan, problems);
  if (problems.list().length === 0) checkParameters(plan, problems);
  return problems.list();
}

/** Checks everything about a cluster. Throws a ValidationError with all that is wrong. */
export function validate(id: string, props: AuroraTargetProps): void {
  const problems = new Problems();
  for (const problem of clusterProblems(props)) problems.add(problem);
  problems.throwIfAny(`Aurora target '${id}'`);
}

function checkCapacity(props: ClusterPlan, problems: Problems): void {
  const { instanceType, readers = 1 } = props;
  const { serverlessMinCapacity: least, serverlessMaxCapacity: most } = props;
  problems.addIf(
    !Number.isInteger(readers) || readers < 0 || readers > 15,
    `'readers' must be a whole number from 0 to 15, got ${readers}; correct it`,
  );
  if (instanceType !== undefined) {
    problems.addIf(
      least !== undefined || most !== undefined,
      `'instanceType' cannot be given together with serverless capacities, got ${instanceType.toString()}; remove one of the two`,
    );
    return;
  }
  problems.addIf(
    least === 0,
    "'serverlessMinCapacity' must be above 0, got 0; with logical replication the writer never pauses, so give 0.5 or more",
  );
  for (const [name, value, from] of [
    ['serverlessMinCapacity', least, 0],
    ['serverlessMaxCapacity', most, 1],
  ] as const) {
    problems.addIf(
      value !== undefined && !(value >= from && value <= 256 && Number.isInteger(value * 2)),
      `'${name}' must be a multiple of 0.5 up to 256, got ${value}; correct it`,
    );
  }
  problems.addIf(
    (least ?? DEFAULT_CAPACITY.least) > (most ?? DEFAULT_CAPACITY.most),
    `'serverlessMinCapacity' must be at most 'serverlessMaxCapacity', got ${least ?? DEFAULT_CAPACITY.least} and ${most ?? DEFAULT_CAPACITY.most}; correct one of the two`,
  );
}

function checkParameters(props: ClusterPlan, problems: Problems): void {
  const { parameters = {} } = props;
  const needed = neededParameters(props);
  for (const [name, value] of Object.entries(parameters)) {
    problems.addIf(
      name in needed,
      `'parameters.${name}' cannot override what replication needs, got ${value}; remove it`,
    );
  }
  const enhanced = parameters['aurora.enhanced_logical_replication'];
  problems.addIf(
    enhanced !== undefined && enhanced !== '0',
    `'parameters.aurora.enhanced_logical_replication' must be left out, got ${enhanced}; a change of it invalidates every slot`,
  );
}
