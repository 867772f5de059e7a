import { codeBlock, table } from './markdown';

/** The cutover by the state machine that a deployment on AWS has; `number` is the section's. */
export function stateMachineSection(number: number): string[] {
  const begin = (input: string): string =>
    `aws stepfunctions start-execution --state-machine-arn "$machine" --input '${input}'`;
  return [
    `## ${number}. The same by the state machine`,
    'No command of pontoon is needed: each execution of the deployment’s state machine is one walk, and its history reads like the table above. It compares the rows, looks at the gates and, where the deployment asks for it, waits for an approval before the fence.',
    codeBlock(
      'sh',
      [
        'machine=$(aws cloudformation describe-stack-resources --stack-name "$stack" --output text \\',
        '  --query "StackResources[?ResourceType==\'AWS::StepFunctions::StateMachine\'].PhysicalResourceId")',
        begin('{"action": "cutover"}'),
        begin('{"action": "rollback"}'),
        begin('{"action": "finalize"}'),
        begin('{"action": "finalize", "back": true}').concat(
          '   # after a rollback that is to stay',
        ),
        'aws stepfunctions get-execution-history --execution-arn "$execution" --output table',
      ].join('\n'),
    ),
    table(
      ['when', 'what to do'],
      [
        [
          'it waits for an approval',
          'the message to the topic has the commands: `aws stepfunctions send-task-success --task-output true --task-token …` goes on, `send-task-failure --error REFUSED --task-token …` does not',
        ],
        [
          'it failed after the decision, or was cut off',
          '`aws stepfunctions redrive-execution --execution-arn "$execution"`: it goes on, as the same owner',
        ],
        [
          'it says `HELD`, and the former execution cannot be redriven',
          'start it again with `"takeOver": true` in its input; until then the watch lifts a fence whose deadline passed',
        ],
        [
          'it failed otherwise',
          'its error is one of section 3; mend what the cause says, and start another one',
        ],
      ],
    ),
  ];
}
