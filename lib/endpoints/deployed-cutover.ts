import { PontoonError } from '../postgres';

/** What the state machine of a deployed cutover tells its function, not read yet. */
export interface DeployedCutover {
  /** See `CutoverInput`. */
  readonly input: unknown;
  /** Certificates by server that are known only at deployment, for connections without one. */
  readonly certificates: unknown;
}

/** In which state a machine of ours holds it. */
const HOLDER = 'Plan';

/**
 * Reads what the state machine `arn` tells its function. Region: that of the ARN; credentials: those of the process.
 *
 * @throws PontoonError with code STATE_MACHINE_UNAVAILABLE if it cannot be read, and STATE_MACHINE_UNKNOWN if `arn` names
 * none, or one that is none of a cutover.
 */
export async function deployedCutover(arn: string): Promise<DeployedCutover> {
  const definition = await describe(arn);
  const { input, certificates } = toldBy(definition);
  if (input !== undefined) return { input, certificates };
  throw unknown(
    arn,
    `be one that CutoverStateMachine made, got one without an input in its state '${HOLDER}'; correct the ARN`,
  );
}

async function describe(stateMachineArn: string): Promise<string> {
  const region = /^arn:[\w-]+:states:([\w-]+):\d{12}:stateMachine:[^:]+$/.exec(
    stateMachineArn,
  )?.[1];
  if (region === undefined)
    throw unknown(stateMachineArn, 'be named by its ARN, got another text; correct it');
  try {
    const sdk = await import('@aws-sdk/client-sfn');
    const client = new sdk.SFNClient({ region });
    const { definition } = await client.send(
      new sdk.DescribeStateMachineCommand({ stateMachineArn }),
    );
    return definition ?? '';
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw unavailable(
      stateMachineArn,
      `be readable, got ${reason}; allow states:DescribeStateMachine on it, and give credentials of its account`,
      error,
    );
  }
}

/** What a first state of ours holds; both undefined in any other definition. */
function toldBy(definition: string): DeployedCutover {
  const { States } = JSON.parse(definition || '{}') as {
    readonly States?: Readonly<Record<string, { readonly Result?: Partial<DeployedCutover> }>>;
  };
  const { input, certificates } = States?.[HOLDER]?.Result ?? {};
  return { input, certificates };
}

function unknown(arn: string, rule: string): PontoonError {
  return new PontoonError('STATE_MACHINE_UNKNOWN', `state machine '${arn}' must ${rule}`);
}

function unavailable(arn: string, rule: string, cause: unknown): PontoonError {
  return new PontoonError('STATE_MACHINE_UNAVAILABLE', `state machine '${arn}' must ${rule}`, {
    cause,
  });
}
