import type { CutoverPlan } from '../../postgres';
import type { State } from './state';

/** What the input of an execution may ask for. */
const CUTOVER_ACTIONS = ['cutover', 'rollback', 'finalize'] as const;

/** The state in which an execution begins. */
export const FIRST_STATE = 'Action';

const FIRST_OF: Readonly<Record<(typeof CUTOVER_ACTIONS)[number], string>> = {
  cutover: 'Cutover',
  rollback: 'Rollback',
  finalize: 'FinalizeForward',
};
const BACKWARDS = 'FinalizeBack';
const BACK: readonly State[] = [
  { Variable: '$.back', IsPresent: true },
  { Variable: '$.back', BooleanEquals: true },
];

/** The states that look at what is asked for, and in which direction. */
export function choosing({ from, to, reverse }: CutoverPlan): Record<string, State> {
  const actions = CUTOVER_ACTIONS.filter(
    (action) => action !== 'rollback' || reverse !== undefined,
  );
  return {
    [FIRST_STATE]: {
      Type: 'Choice',
      Choices: [
        ...(reverse === undefined
          ? []
          : [{ And: [...asks('finalize'), ...BACK], Next: BACKWARDS }]),
        ...actions.map((action) => ({ And: asks(action), Next: FIRST_OF[action] })),
      ],
      Default: 'UnknownAction',
    },
    UnknownAction: {
      Type: 'Fail',
      Error: 'UNKNOWN_ACTION',
      Cause: `'action' must be one of ${actions.join(', ')} in the input of the execution; start it again`,
    },
    Cutover: direction(`From '${from}' to '${to}'.`, false, 'Verify'),
    ...(reverse === undefined
      ? {}
      : {
          Rollback: direction(`Back from '${to}' to '${from}'.`, true, 'Verify'),
          [BACKWARDS]: direction(
            `'${from}' is open again after a rollback, and stays the writer.`,
            true,
            'Finalize',
          ),
        }),
    FinalizeForward: direction(`'${to}' is open, and stays the writer.`, false, 'Finalize'),
  };
}

function asks(action: string): readonly State[] {
  return [
    { Variable: '$.action', IsPresent: true },
    { Variable: '$.action', StringEquals: action },
  ];
}

function direction(Comment: string, back: boolean, Next: string): State {
  return { Type: 'Pass', Comment, Result: { back }, ResultPath: '$.direction', Next };
}
