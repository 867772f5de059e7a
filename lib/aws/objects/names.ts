import { Token } from 'aws-cdk-lib';
import { nameProblem, slotNameProblem } from '../../postgres';

/** Says what is wrong with a name. One that is known only at deployment is checked then, by the function. */
export function knownNameProblem(name: string, what: string): string | undefined {
  return Token.isUnresolved(name) ? undefined : nameProblem(name, what);
}

/** Says what is wrong with a slot's name. One that is known only at deployment is checked then, by the function. */
export function knownSlotNameProblem(name: string, what: string): string | undefined {
  return Token.isUnresolved(name) ? undefined : slotNameProblem(name, what);
}
