import { request } from 'node:http';
import { type CloudAssembly, parseTemplate } from '../../../lib/rehearsal/assembly';
import {
  type CloudFormationOptions,
  CloudFormationStandIn,
  type CustomResourceEvent,
  type InvocationOutcome,
} from '../../../lib/rehearsal/cloudformation';

/** What a test's function does with an event: parts of the answer, or nothing at all. */
export type Behaviour = (event: CustomResourceEvent) => Record<string, unknown> | 'silent';

/** A function in this process that answers custom resources, and CloudFormation that calls it. */
export class PlayedStack {
  public readonly events: CustomResourceEvent[] = [];
  public behaviour: Behaviour = () => ({});
  private standIn: CloudFormationStandIn | undefined;

  constructor(private readonly options: Partial<CloudFormationOptions> = {}) {}

  /** The stand-in, started at first use. */
  public async cloudformation(): Promise<CloudFormationStandIn> {
    this.standIn ??= await CloudFormationStandIn.start({
      invoke: (_token, event) => this.invoke(event),
      ...this.options,
    });
    return this.standIn;
  }

  /** Deploys a template as the stack `App`. */
  public async deploy(template: object, parameters: Record<string, string> = {}) {
    const cloudformation = await this.cloudformation();
    return cloudformation.deploy(assemblyOf({ App: template }), 'App', parameters);
  }

  /** Type and logical id of each event, with the physical id that it carried. */
  public calls(): readonly string[] {
    return this.events.map(({ RequestType, LogicalResourceId, PhysicalResourceId }) =>
      [RequestType, LogicalResourceId, ...(PhysicalResourceId ?? '').split(' ')]
        .filter((part) => part !== '')
        .join(' '),
    );
  }

  public async close(): Promise<void> {
    await this.standIn?.close();
  }

  private async invoke(event: CustomResourceEvent): Promise<InvocationOutcome> {
    this.events.push(event);
    try {
      const answer = this.behaviour(event);
      if (answer !== 'silent')
        await put(event.ResponseURL, JSON.stringify(answerTo(event, answer)));
      return {};
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The answer to an event, with some parts replaced. */
export function answerTo(event: CustomResourceEvent, parts: Record<string, unknown>) {
  return {
    Status: 'SUCCESS',
    PhysicalResourceId: event.PhysicalResourceId ?? `id-${event.LogicalResourceId}`,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    ...parts,
  };
}

/** PUTs a body; gives the status of the response. */
export async function put(
  url: string,
  body: string,
  headers: Record<string, string | number> = { 'content-length': Buffer.byteLength(body) },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'PUT', headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** An assembly of stacks by name, as if it had been read from a directory. */
export function assemblyOf(templates: Record<string, object>): CloudAssembly {
  return {
    directory: '',
    assets: [],
    stacks: Object.entries(templates).map(([stackName, template]) => ({
      artifactId: stackName,
      displayName: stackName,
      stackName,
      account: undefined,
      region: undefined,
      template: parseTemplate(template, stackName),
      templateFile: '',
      parameters: {},
    })),
  };
}

/** A custom resource. */
export function custom(properties: object = {}, more: object = {}) {
  return {
    Type: 'Custom::Thing',
    Properties: { ServiceToken: 'arn:function', ...properties },
    ...more,
  };
}
