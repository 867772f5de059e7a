import { Token } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';
import {
  compileTableMappings,
  mappingsFit,
  Problems,
  slotNameProblem,
  tableMappingProblems,
  taskSettingsProblems,
} from '../../postgres';
import type { ServerBinding } from '../server-binding';
import { checkLogin } from './login';
import { DmsMigrationType, DmsPlugin, type DmsReplicationProps } from './props';

/** The engine that is installed unless another one is asked for. */
export const DEFAULT_ENGINE = '3.6.1';
const STANDBY_ENGINE = [3, 6, 1] as const;
const CAPACITY_UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];
const START_POSITION = /^(?:[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}|checkpoint:\S+)$/;

/** What of a replication can be checked before there is anything that it connects. */
export type DmsPlan = Omit<
  DmsReplicationProps,
  'runner' | 'source' | 'sourceSecret' | 'target' | 'targetSecret'
>;

/** Says what of a plan cannot work, by the names of its properties. */
export function dmsPlanProblems(plan: DmsPlan): readonly string[] {
  const problems = new Problems();
  checkMapping(plan, problems);
  for (const problem of taskSettingsProblems(plan.taskSettings ?? {}, plan.tableSettings))
    problems.add(problem);
  checkSlot(plan, problems);
  checkStart(plan, problems);
  checkEngine(plan, problems);
  checkCapacity(plan, problems);
  checkNetwork(plan, problems);
  const { reload = 0 } = plan;
  problems.addIf(
    !Number.isInteger(reload) || reload < 0,
    `'reload' must be a whole number, got ${reload}; raise it by one for each reload`,
  );
  return problems.list();
}

/** Throws a ValidationError with everything that cannot work. */
export function validate(scope: IConstruct, id: string, props: DmsReplicationProps): void {
  const problems = new Problems();
  for (const problem of dmsPlanProblems(props)) problems.add(problem);
  checkServer(props.source, 'source', problems);
  checkServer(props.target, 'target', problems);
  checkLogin(scope, props.sourceSecret, 'sourceSecret', problems);
  checkLogin(scope, props.targetSecret, 'targetSecret', problems);
  problems.throwIfAny(`DMS replication '${id}'`);
}

function checkMapping(props: DmsPlan, problems: Problems): void {
  const found = tableMappingProblems(props.selection, props);
  for (const problem of found) problems.add(problem);
  if (found.length > 0) return;
  problems.addIf(
    !mappingsFit(compileTableMappings(props.selection, props)),
    `'selection' must compile to at most 2 MiB of table mappings, got more from ${props.selection.tables?.length ?? 0} tables; select whole schemas or split the selection`,
  );
}

function checkSlot(props: DmsPlan, problems: Problems): void {
  const { slotName, migrationType, sourceIsStandby = false } = props;
  const problem = slotName === undefined ? undefined : slotNameProblem(slotName, 'slotName');
  if (problem !== undefined) problems.add(problem);
  const decodes = migrationType !== DmsMigrationType.FULL_LOAD;
  problems.addIf(
    sourceIsStandby && decodes && slotName === undefined,
    "'slotName' must be given for a standby, on which AWS DMS cannot make a slot, got nothing; make a LogicalSlot there and name it",
  );
  problems.addIf(
    !decodes && slotName !== undefined,
    `'slotName' must be left out for 'full-load', which decodes nothing, got '${slotName}'; remove it or choose another 'migrationType'`,
  );
  problems.addIf(
    sourceIsStandby && props.plugin === DmsPlugin.PGLOGICAL,
    "'plugin' must be 'test-decoding' for a standby, since pglogical writes to the server that it decodes, got 'pglogical'; use TEST_DECODING",
  );
}

function checkStart(props: DmsPlan, problems: Problems): void {
  const { cdcStartPosition: position, slotName, migrationType, serverless } = props;
  const onlyCdc = migrationType === DmsMigrationType.CDC;
  problems.addIf(
    onlyCdc && slotName !== undefined && position === undefined,
    `'cdcStartPosition' must be given for 'cdc' with 'slotName', got nothing; take confirmed_flush_lsn of slot '${slotName}'`,
  );
  if (position === undefined) return;
  problems.addIf(
    !onlyCdc,
    `'cdcStartPosition' must be left out for '${migrationType ?? DmsMigrationType.FULL_LOAD_AND_CDC}', which begins with the load, got '${position}'; remove it or set 'migrationType' to CDC`,
  );
  problems.addIf(
    serverless !== undefined,
    `'cdcStartPosition' cannot be given with 'serverless', which knows no start of its own, got '${position}'; use a replication instance`,
  );
  problems.addIf(
    !Token.isUnresolved(position) && !START_POSITION.test(position),
    `'cdcStartPosition' must be a log position such as '4AF/B00000D0' or a checkpoint, got '${position}'; PostgreSQL sources know no start by time, so take confirmed_flush_lsn of the slot`,
  );
}

function checkEngine(
  { engineVersion, sourceIsStandby, serverless }: DmsPlan,
  problems: Problems,
): void {
  problems.addIf(
    engineVersion !== undefined && serverless !== undefined,
    `'engineVersion' cannot be chosen with 'serverless', got '${engineVersion}'; remove it or use a replication instance`,
  );
  if (engineVersion === undefined) return;
  const parts = /^(\d+)\.(\d+)\.(\d+)$/.exec(engineVersion)?.slice(1).map(Number);
  problems.addIf(
    parts === undefined,
    `'engineVersion' must look like '${DEFAULT_ENGINE}', got '${engineVersion}'; name a release of the DMS engine`,
  );
  if (parts === undefined || sourceIsStandby !== true) return;
  const first = STANDBY_ENGINE.map((part, index) => (parts[index] ?? 0) - part).find(
    (by) => by !== 0,
  );
  problems.addIf(
    (first ?? 0) < 0,
    `'engineVersion' must be ${STANDBY_ENGINE.join('.')} or later to read a standby, got '${engineVersion}'; raise it`,
  );
}

function checkCapacity(props: DmsPlan, problems: Problems): void {
  const { serverless, storageGiB } = props;
  problems.addIf(
    storageGiB !== undefined &&
      !(Number.isInteger(storageGiB) && storageGiB >= 5 && storageGiB <= 6144),
    `'storageGiB' must be a whole number from 5 to 6144, got ${storageGiB}; correct it`,
  );
  if (serverless === undefined) return;
  for (const name of ['instanceClass', 'storageGiB', 'multiAz', 'logRetention'] as const) {
    problems.addIf(
      props[name] !== undefined,
      `'${name}' cannot be given with 'serverless', got ${String(props[name])}; remove one of the two`,
    );
  }
  const { maxCapacityUnits: most, minCapacityUnits: least } = serverless;
  for (const [name, value] of [
    ['maxCapacityUnits', most],
    ['minCapacityUnits', least],
  ] as const) {
    problems.addIf(
      value !== undefined && !CAPACITY_UNITS.includes(value),
      `'serverless.${name}' must be one of ${CAPACITY_UNITS.join(', ')}, got ${value}; pick one`,
    );
  }
  problems.addIf(
    least !== undefined && least > most,
    `'serverless.minCapacityUnits' must be at most 'maxCapacityUnits', got ${least} and ${most}; exchange them`,
  );
}

function checkNetwork(props: DmsPlan, problems: Problems): void {
  const { vpc, subnets, secretsManagerEndpoint, serverless } = props;
  const chosen = vpc.selectSubnets(subnets);
  const zones = new Set(chosen.availabilityZones);
  problems.addIf(
    !chosen.isPendingLookup && zones.size < 2,
    `'subnets' must lie in two availability zones or more, got ${zones.size}; add subnets`,
  );
  problems.addIf(
    secretsManagerEndpoint === undefined && isIsolated(vpc, chosen.subnetIds),
    "'secretsManagerEndpoint' must be given in subnets without a way out, through which AWS DMS reads the logins, got nothing; add a VPC endpoint for Secrets Manager and name it",
  );
  problems.addIf(
    secretsManagerEndpoint === undefined && serverless !== undefined,
    "'secretsManagerEndpoint' must be given for 'serverless', which reads the logins only through one, got nothing; add a VPC endpoint for Secrets Manager and name it",
  );
}

function isIsolated(vpc: IVpc, subnetIds: readonly string[]): boolean {
  const isolated = new Set(vpc.isolatedSubnets.map((subnet) => subnet.subnetId));
  return subnetIds.length > 0 && subnetIds.every((subnetId) => isolated.has(subnetId));
}

function checkServer({ caCertificate }: ServerBinding, what: string, problems: Problems): void {
  problems.addIf(
    !Token.isUnresolved(caCertificate) &&
      caCertificate !== 'aws-rds' &&
      !caCertificate.includes('-----BEGIN CERTIFICATE-----'),
    `'${what}.caCertificate' must be a PEM text or 'aws-rds', got ${caCertificate === '' ? 'nothing' : 'another text'}; give the certificates that sign the server's`,
  );
}
