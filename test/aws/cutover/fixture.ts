import { Stack } from 'aws-cdk-lib';
import { PrivateHostedZone } from 'aws-cdk-lib/aws-route53';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  CutoverEndpoint,
  CutoverStateMachine,
  type CutoverStateMachineProps,
} from '../../../lib/aws';
import { createTopology, LinkKind, Platform } from '../../../lib/postgres';
import { SELECTION, type SmallStack, smallStack } from '../objects/fixture';

/** From `primary` to `target`, both managed, by a subscription. */
export const TOPOLOGY = createTopology({
  servers: {
    primary: { platform: Platform.AURORA, majorVersion: 16, database: 'shop' },
    target: { platform: Platform.AURORA, majorVersion: 17, database: 'shop' },
  },
  links: [
    {
      kind: LinkKind.NATIVE,
      from: 'primary',
      to: 'target',
      slotName: 'pontoon_target',
      selection: SELECTION,
    },
  ],
});

/** Props that work, with `changes`. */
export function cutoverProps(
  { stack, runner, primary, target }: SmallStack,
  changes: Partial<CutoverStateMachineProps> = {},
): CutoverStateMachineProps {
  return {
    runner,
    topology: TOPOLOGY,
    bindings: [primary, target],
    migrationName: 'pontoon',
    newWriter: 'target',
    forward: { replicationName: 'pontoon' },
    wayBack: { replicationName: 'pontoon_reverse', secret: new Secret(stack, 'Reverse') },
    keepRoles: { primary: ['pontoon_reader'], target: ['pontoon_reverse'] },
    endpoint: record(stack),
    ...changes,
  };
}

/** The record that applications connect to. */
export function record(stack: Stack): CutoverEndpoint {
  const zone = PrivateHostedZone.fromHostedZoneAttributes(stack, 'Zone', {
    hostedZoneId: 'Z0123456789ABCDEFGHIJ',
    zoneName: 'shop.internal',
  });
  return CutoverEndpoint.route53Record(zone, 'Db.shop.internal', 2);
}

/** A machine in a stack of its own. */
export function machine(
  make: (small: SmallStack) => Partial<CutoverStateMachineProps> = () => ({}),
): { readonly small: SmallStack; readonly cutover: CutoverStateMachine } {
  const small = smallStack();
  const cutover = new CutoverStateMachine(small.stack, 'Cutover', cutoverProps(small, make(small)));
  return { small, cutover };
}

/** The definition in the template, with every expression replaced by its name in brackets. */
export function definitionIn(stack: Stack, template: object): Record<string, unknown> {
  const { Resources } = template as {
    Resources: Record<string, { Type: string; Properties: { DefinitionString: unknown } }>;
  };
  const found = Object.values(Resources).find(
    ({ Type }) => Type === 'AWS::StepFunctions::StateMachine',
  );
  return JSON.parse(plainText(Stack.of(stack).resolve(found?.Properties.DefinitionString)));
}

function plainText(value: unknown): string {
  if (typeof value === 'string') return value;
  const [name, argument] = Object.entries(value as Record<string, unknown>)[0] ?? [];
  if (name === 'Fn::Join') {
    const [between, parts] = argument as [string, unknown];
    return Array.isArray(parts) ? parts.map(plainText).join(between) : '<text>';
  }
  return `<${name === 'Ref' ? argument : (argument as string[]).join('.')}>`;
}
