import type { StandIn } from '../servers';

/** What takes the place of AWS Step Functions. Each behaviour is the name of a test. */
export const STEP_FUNCTIONS_STAND_IN: StandIn = {
  name: 'AWS Step Functions',
  reason: 'it runs only in AWS; the very definition of the template runs here',
  behaviours: [
    'what AWS would refuse in a definition, and what is not played, is refused at once, all of it',
    'Pass puts its result where it is told, and Succeed gives what it is told',
    'Choice takes the first rule that holds, its default otherwise, and fails without one',
    'a task gets its parameters filled in, and what it returns is selected and put where it is told',
    'a path that leads nowhere fails the execution, whatever is caught',
    'what a function throws is known by its name, and its message is the cause',
    'a function that dies, or takes longer than its own limit, is an error with a name',
    'Retry tries again after growing pauses, as often as it is told, for the errors that it names',
    'Catch takes the first that fits, and keeps the error where it is told',
    'a task that takes longer than its timeout ends with States.Timeout, while its function goes on',
    'a task with a token waits until it is answered, and a token is worth something once',
    'Fail ends the execution with its error and its cause, which may come out of the input',
    'the history tells of every state and of every try of a task, in order',
    'an execution that failed is redriven from the state that failed, under its name',
  ],
  notReproduced: [
    'permissions, the size limits of inputs and histories, and the seconds that AWS takes between states',
    'the metadata of the SDK in what a task returns, and the stack trace in the cause of an error',
  ],
};
