import { randomUUID } from 'node:crypto';
import { PontoonError } from '../../postgres';
import type { ResourceOutcome, ResourcePlayers, ResourceRequest } from '../cloudformation';
import {
  FUNCTION_PROPERTIES,
  type FunctionDefinition,
  functionDefinition,
} from './function-definition';
import { type LambdaLogLine, LambdaProcess, type LambdaResult } from './lambda-process';
import { type StagedCode, stageCode } from './staged-code';

/** How functions run. */
export interface LambdaOptions {
  /**
   * URL to which the AWS SDK of the functions sends its calls (`AWS_ENDPOINT_URL`).
   * @default - none: a call of the SDK would leave this machine, and fails for want of credentials
   */
  readonly endpointUrl?: string;
  /**
   * Directories from which the AWS SDK is searched, in this order.
   * @default - the working directory, then this package
   */
  readonly sdkFrom?: readonly string[];
  /**
   * Directory in which the code of functions is staged.
   * @default - the system's directory for temporary files
   */
  readonly directory?: string;
  /** Told of each line that a function writes. */
  readonly onLog?: (line: LambdaLogLine) => void;
}

interface RegisteredFunction {
  readonly definition: FunctionDefinition;
  readonly code: StagedCode;
  readonly idle: LambdaProcess[];
  readonly processes: Set<LambdaProcess>;
}

/**
 * A stand-in for AWS Lambda: runs the bundles that a template ships, each function in child
 * processes with the template's environment, time limit and memory. Processes are reused.
 */
export class LambdaStandIn {
  private readonly functions = new Map<string, RegisteredFunction>();
  private readonly lines: LambdaLogLine[] = [];

  constructor(private readonly options: LambdaOptions = {}) {}

  /** Plays `AWS::Lambda::Function`. */
  public readonly players: ResourcePlayers = {
    'AWS::Lambda::Function': {
      uses: FUNCTION_PROPERTIES,
      create: (request) => this.register(request),
      update: async (request, previous) => {
        if (functionDefinition(request).name === previous.physicalId) {
          await this.unregister(previous);
        }
        return this.register(request);
      },
      delete: (_request, current) => this.unregister(current),
    },
  };

  /** Everything that functions wrote so far. */
  public get logs(): readonly LambdaLogLine[] {
    return this.lines;
  }

  /**
   * Runs a function once, in a warm process if one is idle.
   *
   * @throws PontoonError if no such function was made.
   */
  public async invoke(functionArn: string, event: unknown): Promise<LambdaResult> {
    const found = this.functions.get(functionArn);
    if (found === undefined) {
      const known = [...this.functions.keys()].map((arn) => `"${arn}"`).join(', ');
      throw new PontoonError(
        'FUNCTION',
        `function "${functionArn}" must be made by a stack before it is invoked, got ${known === '' ? 'no functions' : `only ${known}`}`,
      );
    }
    const instance = this.takeProcess(found);
    const result = await instance.invoke(randomUUID(), event);
    if (instance.alive && found.processes.has(instance)) found.idle.push(instance);
    else found.processes.delete(instance);
    return result;
  }

  /** Kills the processes of a function, as when Lambda recycles or loses them. */
  public async kill(functionArn: string): Promise<void> {
    const found = this.functions.get(functionArn);
    if (found !== undefined) await killProcesses(found);
  }

  /** Ends all processes and removes the staged code. */
  public async close(): Promise<void> {
    for (const { definition } of [...this.functions.values()]) await this.remove(definition.arn);
  }

  private async register(request: ResourceRequest): Promise<ResourceOutcome> {
    const definition = functionDefinition(request);
    if (this.functions.has(definition.arn)) {
      throw new PontoonError(
        'FUNCTION',
        `function "${definition.name}" cannot be made twice; leave its name to CloudFormation`,
      );
    }
    const from = this.options.sdkFrom ?? [process.cwd(), __dirname];
    const code = await stageCode(definition.code, from, this.options.directory);
    this.functions.set(definition.arn, { definition, code, idle: [], processes: new Set() });
    return { physicalId: definition.name, attributes: { Arn: definition.arn } };
  }

  private async unregister(outcome: ResourceOutcome): Promise<void> {
    await this.remove(String(outcome.attributes.Arn));
  }

  private async remove(arn: string): Promise<void> {
    const found = this.functions.get(arn);
    if (found === undefined) return;
    // First, so that no schedule starts another process meanwhile.
    this.functions.delete(arn);
    await killProcesses(found);
    await found.code.remove();
  }

  private takeProcess(found: RegisteredFunction): LambdaProcess {
    for (let idle = found.idle.pop(); idle !== undefined; idle = found.idle.pop()) {
      if (idle.alive) return idle;
      found.processes.delete(idle);
    }
    const { definition, code } = found;
    const environment = environmentOf(definition, code.codeDirectory, this.options.endpointUrl);
    const instance = new LambdaProcess(definition, code.codeDirectory, environment, (line) => {
      this.lines.push(line);
      this.options.onLog?.(line);
    });
    found.processes.add(instance);
    return instance;
  }
}

async function killProcesses({ processes, idle }: RegisteredFunction): Promise<void> {
  const running = [...processes];
  processes.clear();
  idle.length = 0;
  await Promise.all(running.map((instance) => instance.kill()));
}

/** What Lambda itself sets, with credentials that open nothing. */
function environmentOf(
  definition: FunctionDefinition,
  codeDirectory: string,
  endpointUrl: string | undefined,
): Readonly<Record<string, string>> {
  return {
    ...definition.environment,
    AWS_ACCESS_KEY_ID: 'STANDINACCESSKEY',
    AWS_SECRET_ACCESS_KEY: 'stand-in',
    AWS_SESSION_TOKEN: 'stand-in',
    AWS_REGION: definition.region,
    AWS_DEFAULT_REGION: definition.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMiB),
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `stand-in/[$LATEST]${randomUUID().replaceAll('-', '')}`,
    LAMBDA_TASK_ROOT: codeDirectory,
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
    ...(endpointUrl === undefined ? {} : { AWS_ENDPOINT_URL: endpointUrl }),
  };
}
