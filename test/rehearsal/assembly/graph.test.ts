// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of Fn::Sub hold placeholders
import {
  creationOrder,
  dependencyGraph,
  Evaluator,
  parseTemplate,
  reversed,
  stackIdentity,
} from '../../../lib/rehearsal/assembly';
import { messageOf } from './message-of';

function graphOf(template: object) {
  return dependencyGraph(
    new Evaluator({
      identity: stackIdentity('Net', '123456789012', 'eu-central-1'),
      template: parseTemplate(template, 'template'),
      parameters: new Map(),
      ssmParameters: new Map(),
      reference: () => undefined,
      attribute: () => undefined,
      importValue: () => undefined,
      stackOutput: () => undefined,
      availabilityZones: () => [],
      dynamicReference: () => undefined,
    }),
  );
}

const a = (Properties: object, more: object = {}) => ({ Type: 'A::B::C', Properties, ...more });

test('every kind of reference orders resources', () => {
  const graph = graphOf({
    Parameters: { P: { Type: 'String' } },
    Resources: {
      Last: a({}, { DependsOn: ['Sub', 'List'] }),
      Sub: a({
        x: {
          'Fn::Sub': ['${One}-${Two.Arn}-${!Ghost}-${AWS::Region}-${P}', { One: { Ref: 'Three' } }],
        },
      }),
      List: a({ x: [{ y: { 'Fn::GetAtt': ['Four', 'Arn'] } }] }),
      Text: a({ x: { 'Fn::Join': ['', [{ 'Fn::GetAtt': 'Sub.Arn' }]] } }, { DependsOn: 'One' }),
      One: a({}),
      Two: a({}),
      Three: a({}),
      Four: a({ Condition: { Ref: 'One' } }),
    },
  });
  const plain = Object.fromEntries([...graph].map(([id, found]) => [id, [...found]]));
  expect(plain).toEqual({
    Last: ['Sub', 'List'],
    Sub: ['Three', 'Two'],
    List: ['Four'],
    Text: ['Sub', 'One'],
    One: [],
    Two: [],
    Three: [],
    Four: ['One'],
  });
  const order = ['Three', 'Two', 'Sub', 'One', 'Four', 'List', 'Last', 'Text'];
  expect(creationOrder(graph)).toEqual(order);
  expect([...(reversed(graph).get('One') ?? [])]).toEqual(['Text', 'Four']);
});

test('what a false condition leaves out is no dependency', () => {
  const graph = graphOf({
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Resources: {
      Kept: a(
        { x: { 'Fn::If': ['Never', { Ref: 'Off' }, { Ref: 'On' }] } },
        { DependsOn: ['Off'] },
      ),
      Off: a({ x: { Ref: 'On' } }, { Condition: 'Never' }),
      On: a({}),
    },
  });
  expect([...graph].map(([id, found]) => [id, [...found]])).toEqual([
    ['Kept', ['On']],
    ['On', []],
  ]);
});

test('a cycle is printed', () => {
  const graph = graphOf({
    Resources: {
      Zero: a({ x: { Ref: 'One' } }),
      One: a({ x: { Ref: 'Two' } }),
      Two: a({ x: { 'Fn::Sub': '${Three.Arn}' } }),
      Three: a({}, { DependsOn: 'One' }),
    },
  });
  expect(messageOf(() => creationOrder(graph))).toBe(
    'resources cannot depend on each other in a cycle, got One → Two → Three → One; remove one of the references',
  );
});

test('all unknown names and intrinsics of a template are reported at once', () => {
  const template = {
    Resources: {
      One: a({ x: { Ref: 'Ghost' }, y: { 'Fn::Transform': {} } }, { DependsOn: 'Nobody' }),
      Two: a({ x: { 'Fn::If': ['Ghost', 1, 2] } }, { Condition: 'Gone' }),
      Three: a({ x: { 'Fn::If': ['Ghost', 1, 2] } }),
    },
    Outputs: { Out: { Value: { 'Fn::GetAtt': ['Phantom', 'Arn'] } } },
  };
  expect(messageOf(() => graphOf(template))).toBe(
    `stack "Net" has 6 problems:
- 'Resources.Two.Condition' requires a condition of the template, got "Gone", which is none
- 'Resources.One.Properties.x' refers to "Ghost", which the template does not define
- 'Resources.One.Properties.y' cannot use Fn::Transform, since macros run only in AWS; synthesize its result
- 'Resources.One.DependsOn' refers to "Nobody", which the template does not define
- 'Resources.Three.Properties.x.Fn::If[0]' requires a condition of the template, got "Ghost", which is none
- 'Outputs.Out.Value.Fn::GetAtt' refers to "Phantom", which the template does not define`,
  );
});
