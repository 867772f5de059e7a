import { Stack } from 'aws-cdk-lib';
import { RuleTargetInput, type RuleTargetInputProperties } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { PontoonError } from '../../postgres';
import { certificatesBeside, isKnownLater } from '../late-certificates';
import type { ServerBinding } from '../server-binding';

/** EventBridge's limit on a target's input, in characters. */
const MOST_INPUT = 8192;

/** What a certificate, or another value that is known only at deployment, may take of it. */
const MOST_OF_A_CERTIFICATE = 2000;
const MOST_OF_A_TOKEN = 200;

/** What the function is told at every run, as JSON. */
export class ScheduleInput extends RuleTargetInput {
  private constructor(private readonly text: string) {
    super();
  }

  /**
   * `content`, whose members are those of the event, beside the certificates that are known only at deployment. Throws a
   * PontoonError if EventBridge would refuse it, which it would do only while it is deployed.
   */
  public static of(
    scope: Construct,
    content: Readonly<Record<string, unknown>>,
    bindings: readonly ServerBinding[],
  ): ScheduleInput {
    const stack = Stack.of(scope);
    requireRoom(stack.resolve(content), bindings.filter(isKnownLater).length);
    const members = Object.entries(content).map(
      ([name, value]) => `${JSON.stringify(name)}:${stack.toJsonString(value)}`,
    );
    return new ScheduleInput(
      `{${members.join(',')},"certificates":${certificatesBeside(bindings)}}`,
    );
  }

  public bind(): RuleTargetInputProperties {
    return { input: this.text };
  }
}

function requireRoom(content: unknown, certificates: number): void {
  const length = roomFor(content) + certificates * MOST_OF_A_CERTIFICATE;
  if (length <= MOST_INPUT) return;
  throw new PontoonError(
    'INVALID',
    `the input of the schedule must fit into ${MOST_INPUT} characters, got about ${length}; give 'caCertificate' only the certificate that signed the server's, or watch fewer servers`,
  );
}

function roomFor(value: unknown): number {
  if (typeof value !== 'object' || value === null) return (JSON.stringify(value) ?? '').length + 1;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + roomFor(item), 3);
  const entries = Object.entries(value);
  if (entries.length === 1 && /^(Ref|Fn::)/.test(entries[0]?.[0] ?? '')) return MOST_OF_A_TOKEN;
  return entries.reduce((sum, [name, item]) => sum + name.length + 4 + roomFor(item), 3);
}
